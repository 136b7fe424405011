package interp_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"cuaderno/interp"
	"cuaderno/interp/lang"
	"cuaderno/mpruntime"
)

// BenchmarkCell measures cells in a session of this process that has variables, next
// cell after next: what a checkpoint takes delays the one that follows.
func BenchmarkCell(b *testing.B) {
	session, err := interp.New(interp.Options{Stdout: io.Discard, Stderr: os.Stderr, Command: mpruntime.Command{Path: os.Args[0], Args: []string{"child"}}})
	if err != nil {
		b.Fatal(err)
	}
	defer session.Close()
	count := 0
	run := func(b *testing.B, code string) {
		b.Helper()
		count++
		if o := session.Execute(context.Background(), lang.Cell{Count: count, Code: code}, &recorder{}); o.Err != nil {
			b.Fatal(o.Err)
		}
	}
	measure := func(name, code string) {
		run(b, code)
		b.Run(name, func(b *testing.B) {
			least := time.Hour
			for b.Loop() {
				begun := time.Now()
				run(b, code)
				least = min(least, time.Since(begun))
			}
			b.ReportMetric(float64(least.Microseconds()), "min-µs")
		})
	}
	variables := func(n int) {
		var code strings.Builder
		for i := range n {
			fmt.Fprintf(&code, "v%d := %d\n", i, i)
		}
		run(b, code.String())
	}
	measure("nothing/1+1", "1+1")
	variables(10)
	measure("10 variables/1+1", "1+1")
	measure("10 variables/v0++", "v0++")
	variables(200)
	measure("200 variables/1+1", "1+1")
	measure("200 variables/v0++", "v0++")
	measure("200 variables/goroutine", "done := make(chan bool); go func() { done <- true }(); <-done")
	run(b, "grande := make([]byte, 10<<20)")
	measure("10 MB/1+1", "1+1")
	measure("10 MB/v0++", "v0++")
	measure("10 MB/grande[0]++", "grande[0]++")
	run(b, "grande = nil; enorme := make([]byte, 1<<30)")
	measure("1 GB/1+1", "1+1")
	measure("1 GB/v0++", "v0++")
	measure("1 GB/enorme[0]++", "enorme[0]++")
	run(b, "enorme = nil; arbol := map[int]*[]string{}; for i := range 1_000_000 { arbol[i] = &[]string{fmt.Sprint(i)} }")
	measure("a million of pointers/1+1", "1+1")
	measure("a million of pointers/arbol[0]", "(*arbol[0])[0] = `x`")
}
