package compiled

import (
	"strings"
	"testing"
)

func TestCalculationsAreThoseOfTheNewestVersion(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(`
func price(x int) int { return 2 * x }
func all() (sum int) {
	for i := range 10 {
		sum += price(i + 1)
	}
	return sum
}
println(all())`)
	n.says("110")
	n.run(`
func price(x int) int { return 3*x + 1 }
println(all())`)
	n.says("175")
	n.run(`
func price(x int) int {
	if x > 5 {
		return 0
	}
	return x
}
println(all())`)
	n.says("15")
	n.run(`
func counter(step int) func() int {
	n := 0
	return func() int { n += step; return n }
}
func count(x int) int {
	next := counter(x)
	for range 3 {
		next()
	}
	return next()
}
println(count(5))`)
	n.says("20")
	n.run(`
func counter(step int) func() int {
	return func() int { println("step", step); return step }
}
println(count(7))`)
	for _, line := range []string{"step 7", "step 7", "step 7", "step 7", "7"} {
		n.says(line)
	}
	n.run(`
func counter(step int) func() int { return nil }`)
	if got := n.panics(`count(1)`); !strings.Contains(got, "nil pointer dereference") {
		t.Errorf("the call of a nil func value panics with %q", got)
	}
}

// One call in the source calls several closures of one literal, and others.
func TestInlinedClosuresHaveVariablesOfTheirOwn(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(`
func adder(k int) func(int) int {
	if k == 0 {
		return func(x int) int { return -x }
	}
	total := 0
	return func(x int) int { total += k * x; return total }
}
var kept []func(int) int
func use(k int) int {
	f := adder(k)
	kept = append(kept, f)
	f(1)
	return f(2)
}
println(use(10), use(100), use(0), use(10))
println(kept[0](1), kept[1](1), kept[2](1), kept[3](1))
func swapped() (int, int) {
	a, b := 1, 10
	swap := func() { a, b = b, a }
	swap()
	swap()
	swap()
	return a, b
}
println(swapped())
var unsigned uint8 = 250
func grow(by uint8) uint8 { unsigned += by; return unsigned }
println(grow(3), grow(3), unsigned)`)
	n.says("30 300 -2 30")
	n.says("40 400 -1 40")
	n.says("10 1")
	n.says("253 0 0")
}

func TestArgumentsOfInlinedCallsPanicInTheCaller(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(`
func square(x int) int { return x * x }
//go:noinline
func other(x int) int {
	if x > 0 {
		return x
	}
	return -x
}
func caller(list []int, i int) int {
	return other(i) + square(list[i])
}
println(caller([]int{1, 2, 3}, 2))`)
	n.says("11")
	r := n.start(`caller(nil, 2)`)
	end := await(t, r.ended)
	var names []string
	for _, call := range n.e.Stack(end.g, end.value) {
		names = append(names, call.Name)
	}
	if got := strings.Join(names, " "); got != "caller " {
		t.Errorf("the panic was in the calls %q", got)
	}
}
