package interp_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"cuaderno/internal/spawn"
	"cuaderno/interp"
	"cuaderno/interp/lang"
	"cuaderno/interp/remote"
	"cuaderno/mpruntime"
)

// TestMain makes the test binary its own helper: started with the argument
// session it is the session of a notebook, started with child the child process
// that a cell starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && (os.Args[1] == "session" || os.Args[1] == "child") {
		os.Exit(helper(os.Args[1]))
	}
	// The race detector makes a process wait for a second at its end.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func helper(role string) int {
	log := spawn.InheritedLog()
	control, lifeline, err := spawn.Inherited()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	spawn.Watch(lifeline, spawn.KillGroup)
	command := mpruntime.Command{Path: os.Args[0], Args: []string{"child"}, Lifeline: lifeline, Log: log}
	if role == "child" {
		host, err := interp.NewChild(os.Stdout, os.Stderr, command, 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		return mpruntime.ServeChild(context.Background(), control, host)
	}
	session, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr, Command: command})
	if err == nil {
		err = remote.Serve(context.Background(), control, session)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// newSession starts a session in a process of its own.
func newSession(t *testing.T) lang.Session {
	t.Helper()
	session, err := remote.Start(t.Context(), remote.Program{Path: os.Args[0], Args: []string{"session"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}
