package kernel_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"cuaderno/kernel/wire"
)

// What two cells print side by side is joined for each of them, and stays in
// order.
func TestStreamsOfNeighboursCoalesce(t *testing.T) {
	f, _ := start(t)
	const n = 20000
	code := "many " + strconv.Itoa(n)
	beside := f.Subshell()
	ids := []string{f.Code(code, nil), f.CodeIn(beside, code, nil)}
	var want strings.Builder
	for i := range n {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	for _, id := range ids {
		e := f.Finish(id)
		if got := e.Text("stdout"); got != want.String() {
			t.Errorf("a cell printed %d bytes, want %d", len(got), want.Len())
		}
		if m := len(e.Of(wire.Stream)); m > n/100 {
			t.Errorf("%d lines took %d messages", n, m)
		}
	}
}
