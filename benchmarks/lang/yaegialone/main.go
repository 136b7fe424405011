// Command yaegialone runs a Go program with yaegi as it is, nothing of Cuaderno
// before or behind it. The language benchmark measures it beside Cuaderno.
//
//	yaegialone FILE.go ARGS…
package main

import (
	"fmt"
	"os"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
	"github.com/traefik/yaegi/stdlib/syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "yaegialone:", err)
		os.Exit(1)
	}
}

// run evaluates the program args[0], whose os.Args are args.
func run(args []string) error {
	i := interp.New(interp.Options{Args: args, Unrestricted: true})
	for _, symbols := range []interp.Exports{stdlib.Symbols, syscall.Symbols} {
		if err := i.Use(symbols); err != nil {
			return fmt.Errorf("loading symbols: %w", err)
		}
	}
	if _, err := i.EvalPath(args[0]); err != nil {
		return fmt.Errorf("evaluating %s: %w", args[0], err)
	}
	return nil
}
