package interp_test

import (
	"strings"
	"testing"
)

// slow declares a list that takes longer to copy than a checkpoint may, and a map that
// does not.
const slow = `type N struct { next *N; v int }
var head *N
for i := range 500_000 { head = &N{head, i} }
small := map[int]*int{}
for i := range 400 { v := i; small[i] = &v }`

// TestRestoreBesideSlowVariables keeps what is quickly copied, and tries again what is
// not.
func TestRestoreBesideSlowVariables(t *testing.T) {
	for range 3 { // variables of one cell have no order
		n := newNotebook(t)
		n.run(slow)
		n.run("println(1)")
		n.run("println(2)")
		n.crash()
		if got := n.run("%restore"); !strings.Contains(got, "small as after") {
			t.Error(got)
		}
		n.wants("fmt.Println(len(small), *small[399])", "400 399")
	}
}

func TestRestoreOfWhatWasSlow(t *testing.T) {
	n := newNotebook(t)
	n.run(slow)
	n.run("head = head.next.next; head.next = nil")
	for range 4 {
		n.run("println(1)")
	}
	n.crash()
	if got := n.run("%restore"); !strings.Contains(got, "head") || strings.Contains(got, "head (") {
		t.Error(got)
	}
	n.wants("fmt.Println(head.v, head.next)", "499997 <nil>")
}

// TestRestoreOfWhatSlowFunctionsChange calls functions that are in a variable which
// takes too long to copy.
func TestRestoreOfWhatSlowFunctionsChange(t *testing.T) {
	n := newNotebook(t)
	n.run("type N struct { next *N; f func() }\nx := 1\nvar head *N\nfor range 500_000 { head = &N{head, func() { x++ }} }")
	n.run("println(1)")
	n.run("head.f()")
	n.run("println(1)")
	n.crash()
	n.run("%restore")
	n.wants("fmt.Println(x)", "2")
}
