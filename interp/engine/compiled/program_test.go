package compiled

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/lang"
	"cuaderno/interp/stdlib"
)

type discard struct{ lang.Output }

func (discard) Stderr(p []byte) { os.Stderr.Write(p) }
func (discard) Stdout(p []byte) { os.Stdout.Write(p) }

// TestMain runs the file that CUADERNO_FILE names in place of the tests.
func TestMain(m *testing.M) {
	name := os.Getenv("CUADERNO_FILE")
	if name == "" {
		os.Exit(m.Run())
	}
	os.Exit(runFile(name))
}

func runFile(name string) int {
	fail := func(args ...any) int {
		fmt.Fprintln(os.Stderr, args...)
		return 2
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return fail(err)
	}
	importer, err := stdlib.NewImporter()
	if err != nil {
		return fail(err)
	}
	checker, err := check.New(importer, map[string]string{})
	if err != nil {
		return fail(err)
	}
	e, err := New(importer, checker.Fset, Options{Print: func(p []byte) { os.Stderr.Write(p) }})
	if err != nil {
		return fail(err)
	}
	for i, cell := range strings.Split(string(src), "\n// %%\n") {
		u, err := checker.Check(i+1, "/*line "+name+":1:1*/"+cell)
		if err != nil {
			return fail(err)
		}
		p, err := e.Load(i+1, u)
		if err != nil {
			return fail(err)
		}
		u.Commit()
		ended := make(chan any, 1)
		c := engine.NewCell(i+1, discard{}, func(g *engine.Goroutine, v any) {
			os.Exit(fail("goroutine panicked:", v))
		})
		c.Run(p.Run, func(g *engine.Goroutine, v any) {
			if v != nil {
				fmt.Fprintln(os.Stderr, "panic:", v)
				if th, ok := g.Local.(*thread); ok {
					calls := e.trace(th, v)
					for _, site := range calls[:min(len(calls), 20)] {
						fmt.Fprintln(os.Stderr, "\t", site)
					}
				}
			}
			ended <- v
		})
		if v := <-ended; v != nil {
			return 2
		}
		if r := c.Result(); r.Set {
			fmt.Printf("result %v %v\n", r.V, r.Err)
		}
	}
	return 0
}
