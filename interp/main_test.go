package interp_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"testing"

	"cuaderno/internal/spawn"
	"cuaderno/interp"
	"cuaderno/mpruntime"
)

// TestMain makes the test binary its own helper: started with the argument
// child, it becomes the child process that a cell of a test starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "child" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

func child() int {
	control, lifeline, err := spawn.Inherited()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	command := mpruntime.Command{Path: os.Args[0], Args: []string{"child"}, Lifeline: lifeline}
	return mpruntime.ServeChild(ctx, control, interp.NewChild(os.Stdout, os.Stderr, command))
}
