package interp_test

import "testing"

// TestRestoreMethodOfLaterCell restores values of a type that refers to itself and
// has got a method in a later cell.
func TestRestoreMethodOfLaterCell(t *testing.T) {
	n := newNotebook(t)
	n.run("type N struct{ V int; Next *N }")
	n.run(`n := &N{V: 1}; var a any = n; m := map[string]any{"x": n}`)
	n.run("func (n *N) B() int { return 2 + n.V }")
	n.run("var later any = n")
	n.crash()
	n.wants("%restore", "Restored 1 declaration, and a, m, n, later as after In [N].")
	n.wants(`fmt.Println(a.(*N) == n, m["x"].(*N) == n, later.(*N) == n, n.B(), a.(interface{ B() int }).B())`, "true true true 3 3")
}

// TestRestoreTellsCopies restores pointers and slices into values, which become copies.
func TestRestoreTellsCopies(t *testing.T) {
	n := newNotebook(t)
	n.run("type T struct{ A, B int }\nts := []T{{1, 2}, {3, 4}}\nt := T{1, 2}\nvar ar [3]int\nbase := make([]int, 3, 10)\nwhole := &t")
	n.run("pt, p, sl, sa := &ts[1], &t.B, ar[1:], base[:2]")
	n.crash()
	n.wants("%restore", `Restored 1 declaration, and ar, base, t, ts, whole, p, pt, sa, sl as after In [N].
With copies of their own of what they shared: p (it pointed into t), pt (it pointed into ts), sa (it pointed into base), sl (it pointed into ar).`)
	n.wants("pt.A, *p, whole.A = 7, 8, 9\nfmt.Println(ts, t)", "[{1 2} {3 4}] {9 2}")
}

// TestRestoreNamesAllLosses loses many variables.
func TestRestoreNamesAllLosses(t *testing.T) {
	n := newNotebook(t)
	n.run("var a, b, c, d, e, f, g, h, i, j, k chan int\na, b, c, d, e, f = make(chan int), make(chan int), make(chan int), make(chan int), make(chan int), make(chan int)\ng, h, i, j, k = a, b, c, d, e")
	n.crash()
	n.wants("%restore", "Declared, without the value that it had: a, b, c, d, e, f, g, h, i, j, k (a channel).")
}
