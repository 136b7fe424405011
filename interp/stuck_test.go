package interp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/lang"
)

// endless takes the checker longer than anybody waits.
func endless() string {
	var code strings.Builder
	code.WriteString("type P[A, B any] struct { x *A; y *B }\ntype T0 = P[int, int]\n")
	for i := 1; i <= 30; i++ {
		fmt.Fprintf(&code, "type T%d = P[T%[2]d, T%[2]d]\n", i, i-1)
	}
	code.WriteString("var v T30")
	return code.String()
}

// TestCompilationThatDoesNotEnd runs cells behind one that the compiler does not let
// go of.
func TestCompilationThatDoesNotEnd(t *testing.T) {
	for _, test := range []struct {
		name string
		code string
		wait time.Duration // 0 is for ever
	}{
		{"a cell waits", "x", 0},
		{"a cell is interrupted", "x", 3 * time.Second},
		{"restore waits", "%restore", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := newNotebook(t)
			n.run("x := 5\nfunc f() int { return 2 * x }")
			n.run("x = 6")
			execute := func(code string, wait time.Duration) *lang.Error {
				ctx := t.Context()
				if wait > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, wait)
					defer cancel()
				}
				n.count++
				return n.session.Execute(ctx, lang.Cell{Count: n.count, Code: code}, &recorder{}).Err
			}
			if err := execute(endless(), 2*time.Second); err == nil || err.Name != lang.Interrupted {
				t.Fatalf("the cell that does not compile gave %v", err)
			}
			if err := execute("x", 200*time.Millisecond); err == nil || err.Name != lang.Interrupted {
				t.Errorf("a cell that is interrupted soon gave %v", err)
			}
			err := execute(test.code, test.wait)
			if err == nil || err.Name != lang.Crashed || !strings.Contains(err.Value, "the compiler has been at In [3] for ") {
				t.Fatalf("the cell behind it gave %v", err)
			}
			n.fresh()
			if got := n.run("%restore"); !strings.Contains(got, "x as after In [2]") {
				t.Error(got)
			}
			n.wants("fmt.Println(f())", "12")
		})
	}
}
