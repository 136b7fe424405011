// Command stdgen makes what lets cells use compiled packages with no toolchain
// at hand: the standard library's export data, for the type checker, and
// binding tables, for the engines.
//
// It asks the go command for the export data of the standard library and of
// the project's own packages named by -own, as it is for the target -goos and
// -goarch, and writes, below the directory -interp:
//
//	stdlib/std_GOOS_GOARCH.zip    export data, sources of what is generic, an index
//	stdlib/std_GOOS_GOARCH_doc.zip  the doc comments on what packages export
//	stdlib/std_GOOS_GOARCH.go     embeds both
//	symbols/std_PKG_GOOS_GOARCH.go  the binding table of one package
//	symbols/std_GOOS_GOARCH.go    finds a table by import path
//
// Data flows one way: go list → loaded packages (packages.go) → sources of what
// is generic (generic.go, unexported.go, mentioned.go, cut.go, early.go, shims) → archive
// (archive.go), documentation (documentation.go) and binding tables (bindings.go, file.go). What compiled code exists for is derived
// from the export data, never from source, so that both halves describe exactly
// the packages that are linked in. Generic code is compiled only where it is
// instantiated: the engines need its source. No network is used.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stdgen:", err)
		os.Exit(1)
	}
}

// A target is the platform that the output is for.
type target struct{ goos, goarch string }

// suffix is the part of a file name by which build constraints choose it.
func (t target) suffix() string { return "_" + t.goos + "_" + t.goarch }

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("stdgen", flag.ContinueOnError)
	var (
		dir    = flags.String("interp", "..", "`directory` that holds stdlib and symbols")
		goos   = flags.String("goos", runtime.GOOS, "target operating system")
		goarch = flags.String("goarch", runtime.GOARCH, "target architecture")
		own    []string
	)
	flags.Func("own", "import `paths` of own packages that cells may import, separated by commas", func(s string) error {
		own = append(own, strings.Split(s, ",")...)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}

	t := target{*goos, *goarch}
	lib, err := load(ctx, t, own)
	if err != nil {
		return err
	}
	if err := genericLayers(lib); err != nil {
		return fmt.Errorf("collecting the sources of what is generic: %w", err)
	}
	if err := writeArchive(ctx, filepath.Join(*dir, "stdlib"), t, lib); err != nil {
		return fmt.Errorf("writing the export data: %w", err)
	}
	if err := writeBindings(filepath.Join(*dir, "symbols"), t, lib); err != nil {
		return fmt.Errorf("writing the binding tables: %w", err)
	}
	return nil
}
