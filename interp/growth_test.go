package interp_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"cuaderno/interp/lang"
)

// heapOutput keeps what the cell that reads the heap writes.
type heapOutput struct {
	lang.Output
	text strings.Builder
}

func (o *heapOutput) Stdout(p []byte) { o.text.Write(p) }
func (o *heapOutput) Stderr([]byte)   {}

// TestCellsLeaveLittle runs many cells of a kind and looks at what is left of them,
// as a cell would: with package runtime. @ is another number in each.
func TestCellsLeaveLittle(t *testing.T) {
	kinds := []struct{ name, code string }{
		{"expression", "1 + @"},
		{"output", `fmt.Println("hello", @)`},
		{"assignment", "counter = counter + @"},
		{"literal", "func() { counter += @ }()"},
		{"goroutine", "done := make(chan int); go func() { done <- @ }(); <-done"},
		{"function", "func redeclared(a int) int { return a + @ }"},
		{"variables", `x, y := @, "text"`},
		{"method", "type T struct { A int }\nfunc (t T) Get() int { return t.A + @ }"},
		{"closure", "kept = func() int { return @ }"},
		{"mistake", "missing + @"},
		{"panic", "panic(@)"},
	}
	// yaegi begins anew every 200 cells: what it keeps is the same after a multiple.
	const warm, cells, most = 40, 400, 2 << 10 // most in bytes for each cell
	s := newSession(t)
	count := 0
	run := func(code string) (string, *lang.Error) {
		count++
		var out heapOutput
		outcome := s.Execute(t.Context(), lang.Cell{Count: count, Code: code}, &out)
		return out.text.String(), outcome.Err
	}
	heap := func() int {
		text, err := run("for range 4 { runtime.GC() }; time.Sleep(time.Millisecond); runtime.GC(); runtime.ReadMemStats(&stats); fmt.Print(stats.HeapAlloc)")
		n, bad := strconv.Atoi(text)
		if err != nil || bad != nil {
			t.Fatalf("%q, %v", text, err)
		}
		return n
	}
	if _, err := run("import (\"fmt\"; \"runtime\"; \"time\")\nvar counter int\nvar kept func() int\nvar stats runtime.MemStats"); err != nil {
		t.Fatal(err.Traceback)
	}
	n := 0
	for _, kind := range kinds {
		repeat := func(times int) {
			for range times {
				n++
				_, err := run(strings.ReplaceAll(kind.code, "@", fmt.Sprint(n)))
				if (err != nil) != (kind.name == "mistake" || kind.name == "panic") {
					t.Fatalf("%s: %v", kind.name, err)
				}
			}
		}
		repeat(warm)
		before := heap()
		repeat(cells)
		if each := (heap() - before) / cells; each > most {
			t.Errorf("%s: %d bytes are left of each cell", kind.name, each)
		} else {
			t.Logf("%s: %d bytes are left of each cell", kind.name, each)
		}
	}
}
