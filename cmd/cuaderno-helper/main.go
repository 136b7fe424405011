// Command cuaderno-helper evaluates Go. It is started by the kernel in the role
// of a session, and by sessions and children in the role of a child; people
// never start it by hand.
//
//	cuaderno-helper session [--engine=E] [--memory=BYTES] [--processes=N] [PROGRAM ARG…]   MainProcess of a notebook
//	cuaderno-helper child [--engine=E] [--memory=BYTES] [--processes=N]                      waits to become a child process
//
// Whoever starts it hands it a control connection and a lifeline
// (internal/spawn): when the lifeline ends, so does the whole process group.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"

	"cuaderno/internal/spawn"
	"cuaderno/interp"
	"cuaderno/interp/remote"
	"cuaderno/mpruntime"
)

func main() {
	log := spawn.InheritedLog()
	control, lifeline, err := spawn.Inherited()
	if err == nil && len(os.Args) < 2 {
		err = errors.New("the role is missing: session or child")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cuaderno-helper:", err)
		os.Exit(2)
	}
	if lifeline != nil {
		spawn.Watch(lifeline, spawn.KillGroup)
	}
	// Linking the whole standard library registers handlers that a notebook's
	// own server must not show.
	http.DefaultServeMux = http.NewServeMux()
	program, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cuaderno-helper: finding the own program:", err)
		os.Exit(1)
	}
	role := os.Args[1]
	told, notebook, err := remote.CutArguments(os.Args[2:])
	if err == nil {
		err = limitMemory(told.Memory)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cuaderno-helper:", err)
		os.Exit(2)
	}
	command := mpruntime.Command{
		Path: program, Args: append([]string{"child"}, remote.Arguments{Memory: told.Memory, Processes: told.Processes}.List()...), Lifeline: lifeline, Log: log,
		Processes: told.Processes,
	}

	// Interrupts of a session come over its control connection; a child takes them
	// when it has something to interrupt.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	switch role {
	case "session":
		if len(notebook) > 0 {
			os.Args = notebook
		} else {
			os.Args = os.Args[:1]
		}
		session, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr, Command: command, Engine: interp.Choice(told.Engine), MemoryLimit: told.Memory})
		if err == nil {
			err = remote.Serve(context.Background(), control, session)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "cuaderno-helper:", err)
			os.Exit(1)
		}
	case "child":
		host, err := interp.NewChild(os.Stdout, os.Stderr, command, told.Memory)
		if err != nil {
			fmt.Fprintln(os.Stderr, "cuaderno-helper:", err)
			os.Exit(1)
		}
		os.Exit(mpruntime.ServeChild(context.Background(), control, host))
	default:
		fmt.Fprintf(os.Stderr, "cuaderno-helper: there is no role %q\n", role)
		os.Exit(2)
	}
}
