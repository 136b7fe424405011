package main

import (
	"context"
	"fmt"
	"runtime"
)

func versionCommand() command {
	return command{
		name:    "version",
		summary: "Print the version, and the Go it was built with and for.",
		run:     runVersion,
	}
}

func runVersion(_ context.Context, p *program, args []string) error {
	if err := p.parse(p.flags(versionCommand()), args, 0); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "cuaderno %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
