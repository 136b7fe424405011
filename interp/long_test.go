package interp_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"cuaderno/interp"
	"cuaderno/interp/lang"
	"cuaderno/mpruntime"
)

// TestTenThousandCells runs as many cells as a long day of work: expressions,
// assignments, functions and types declared again, closures that stay. The
// session must not grow by more than 100 MB, and know the last values.
func TestTenThousandCells(t *testing.T) {
	session, err := interp.New(interp.Options{Stdout: &recorderWriter{}, Stderr: &recorderWriter{}, Command: mpruntime.Command{}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	count := 0
	run := func(code string) string {
		count++
		outcome := session.Execute(context.Background(), lang.Cell{Count: count, Code: code}, &recorder{})
		if outcome.Err != nil {
			t.Fatalf("In [%d] %s\n%s: %s", count, code, outcome.Err.Name, outcome.Err.Value)
		}
		if outcome.Result == nil {
			return ""
		}
		return fmt.Sprint(outcome.Result.Data["text/plain"])
	}
	run("n := 0\nfs := map[int]func() int{}\nimport \"fmt\"")
	round := func(i int) {
		run(fmt.Sprintf("n += %d", i))
		run("n * 2")
		run(fmt.Sprintf("func f(x int) int { return x + %d }\nf(n)", i))
		run(fmt.Sprintf("for i := 0; i < 3; i++ { n += f(i) - %d }", i))
		run(fmt.Sprintf("k%d := %d\nfs[%d] = func() int { return k%d }", i%10, i, i%10, i%10))
		run(fmt.Sprintf("fmt.Sprint(n, %d)", i))
		run("type T struct{ a int }\nfunc (t T) String() string { return \"T\" }\nT{n}")
		run("var s []string\ns = append(s, \"x\")\nlen(s)")
	}
	for i := range 100 {
		round(i)
	}
	before := heap()
	rounds := 10_000 / 8
	if testing.Short() {
		rounds = 200
	}
	for i := range rounds {
		round(i)
	}
	grown := int64(heap()) - int64(before)
	t.Logf("%d cells grew the heap by %d kB, %d B each", count, grown>>10, grown/int64(count))
	if grown > 100<<20 {
		t.Errorf("%d cells grew the session by %d MB", count, grown>>20)
	}
	if got, want := run("fs[3]()"), fmt.Sprint((rounds-4)/10*10+3); got != want {
		t.Errorf("a closure of an earlier cell gives %s, want %s", got, want)
	}
}

func heap() uint64 {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

type recorderWriter struct{}

func (*recorderWriter) Write(p []byte) (int, error) { return len(p), nil }
