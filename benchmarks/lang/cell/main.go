// Command cell measures a trivial cell inside a session: no front end, no other
// process, no socket.
//
//	cell REPEATS HELPER
//
// It starts a session whose children would run in the program HELPER, executes
// 1+1 until everything is warm, and then prints a line of JSON for each of
// REPEATS more: {"line": "cell", "value": 2, "ms": …}, in wall time.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"cuaderno/interp"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
	"cuaderno/mpruntime"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cell:", err)
		os.Exit(1)
	}
}

// warmUp is how many cells are executed before the measured ones.
const warmUp = 50

func run(args []string, stdout io.Writer) error {
	if len(args) != 2 {
		return errors.New("the arguments are REPEATS and HELPER")
	}
	repeats, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("reading the arguments: %w", err)
	}
	session, err := interp.New(interp.Options{
		Stdout:  io.Discard,
		Stderr:  os.Stderr,
		Command: mpruntime.Command{Path: args[1], Args: []string{"child"}},
	})
	if err != nil {
		return fmt.Errorf("starting a session: %w", err)
	}
	defer func() { _ = session.Close() }() // the process ends with it
	lines := json.NewEncoder(stdout)
	for i := range warmUp + repeats {
		start := time.Now()
		outcome := session.Execute(context.Background(), lang.Cell{Count: i + 1, Code: "1+1"}, silence{})
		took := time.Since(start)
		if outcome.Err != nil {
			return fmt.Errorf("executing 1+1: %w", outcome.Err)
		}
		if outcome.Result == nil || outcome.Result.Data[display.MIMEPlain] != "2" {
			return fmt.Errorf("1+1 is not 2 but %v", outcome.Result)
		}
		if i < warmUp {
			continue
		}
		if err := lines.Encode(map[string]any{"line": "cell", "value": 2, "ms": took.Seconds() * 1000}); err != nil {
			return fmt.Errorf("writing a sample: %w", err)
		}
	}
	return nil
}

// silence is the output of cells that say nothing.
type silence struct{}

func (silence) Stdout([]byte)                        {}
func (silence) Stderr([]byte)                        {}
func (silence) Display(display.Bundle, string)       {}
func (silence) UpdateDisplay(display.Bundle, string) {}
func (silence) ClearOutput(bool)                     {}
func (silence) Comm(lang.CommMessage)                {}
func (silence) ReadLine(context.Context, string, bool) (string, error) {
	return "", lang.ErrNoInput
}
