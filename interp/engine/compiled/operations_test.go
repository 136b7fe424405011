package compiled

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/stdlib"
)

// The programs of testdata/operations say what compiled Go says. What that is,
// was written by
//
//	go run x.go >x.out 2>&1
func TestOperationsAreThoseOfGo(t *testing.T) {
	programs, err := filepath.Glob("testdata/operations/*.go")
	if err != nil || len(programs) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, program := range programs {
		base := strings.TrimSuffix(program, ".go")
		// Where the language leaves it open, conversions are the architecture's.
		want, err := os.ReadFile(base + "_" + runtime.GOARCH + ".out")
		if err != nil {
			want, err = os.ReadFile(base + ".out")
		}
		if err != nil {
			t.Fatal(err)
		}
		for mode, env := range collectorModes {
			t.Run(strings.TrimSuffix(filepath.Base(program), ".go")+" "+mode, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				// CUADERNO_EXEC runs programs of another architecture.
				args := append(strings.Fields(os.Getenv("CUADERNO_EXEC")), os.Args[0])
				cmd := exec.CommandContext(ctx, args[0], args[1:]...)
				cmd.Env = append(append(os.Environ(), "CUADERNO_FILE="+program), env...)
				got, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("the program ended with: %v", err)
				}
				if line, g, w := firstDifference(got, want); line > 0 {
					t.Errorf("line %d is\n%s\nin compiled Go\n%s", line, g, w)
				}
			})
		}
	}
}

// collectorModes are ways of collecting garbage in which the runtime finds what
// the engine would hide from it.
var collectorModes = map[string][]string{
	"as usual":           nil,
	"marking checked":    {"GOGC=1", "GODEBUG=gccheckmark=1"},
	"what is freed lost": {"GOGC=5", "GODEBUG=clobberfree=1,gcstoptheworld=1"},
}

// firstDifference returns the number of the first line that differs, 0 if none
// does.
func firstDifference(x, y []byte) (line int, of, other string) {
	xs, ys := bytes.Split(x, []byte("\n")), bytes.Split(y, []byte("\n"))
	at := func(lines [][]byte, i int) string {
		if i < len(lines) {
			return string(lines[i])
		}
		return "(end)"
	}
	for i := range max(len(xs), len(ys)) {
		if of, other := at(xs, i), at(ys, i); of != other {
			return i + 1, of, other
		}
	}
	return 0, "", ""
}

// A stop ends a cell that waits, whatever it waits for.
func TestStopEndsWaits(t *testing.T) {
	for _, wait := range []string{
		"<-c",
		"_, _ = <-c",
		"c <- 1",
		"s <- struct{ a, b string }{}",
		"<-s",
		"e <- struct{}{}",
		"v <- nil",
		"var n chan int\n<-n",
		"var n chan int\nn <- 1",
		"select {}",
		"select { case <-c: case e <- struct{}{}: }",
		"select { case x := <-c: _ = x; case y := <-s: _ = y; case v <- 1: }",
		"select { case x := <-c: _ = x; case <-s: }",
		"for range c { }",
		"for { select { case <-c: default: } }",
		"func() { defer func() { recover(); println(\"deferred\") }(); <-c }()",
	} {
		t.Run(wait, func(t *testing.T) {
			importer, err := stdlib.NewImporter()
			if err != nil {
				t.Fatal(err)
			}
			checker, err := check.New(importer, map[string]string{})
			if err != nil {
				t.Fatal(err)
			}
			waiting := make(chan string, 2)
			e, err := New(importer, checker.Fset, Options{Print: func(p []byte) { waiting <- string(p) }})
			if err != nil {
				t.Fatal(err)
			}
			u, err := checker.Check(1, "c := make(chan int)\ns := make(chan struct{ a, b string })\ne := make(chan struct{})\nv := make(chan any)\n_, _, _, _ = c, s, e, v\nprintln(\"waiting\")\n"+wait)
			if err != nil {
				t.Fatal(err)
			}
			p, err := e.Load(1, u)
			if err != nil {
				t.Fatal(err)
			}
			cell := engine.NewCell(1, discard{}, func(*engine.Goroutine, any) {})
			ended := make(chan any, 1)
			cell.Run(p.Run, func(_ *engine.Goroutine, v any) { ended <- v })
			await(t, waiting)
			cell.Stop(context.Canceled)
			if v, exited := await(t, ended).(engine.Goexit); !exited {
				t.Errorf("the cell ended with %v", v)
			}
		})
	}
}

func await[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came for half a minute")
	}
	return v
}
