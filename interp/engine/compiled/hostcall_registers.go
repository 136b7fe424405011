package compiled

import (
	"math"
	"unsafe"
)

// An argument is one register of a call, as the word of memory that has it:
// the callee looks at the low bits that its type has, the others may be
// anything. Words of memory are little-endian where arguments are in registers.
type argument struct{ off, shift uintptr }

// word reads a pointer as an integer, too. The memory at base keeps what it
// points to alive until the callee holds it: nothing between the load and the
// call can wait for the collector, and where a goroutine is preempted the
// collector takes integers for pointers.
func (a argument) word(base unsafe.Pointer) uintptr {
	return *(*uintptr)(unsafe.Add(base, a.off)) >> (a.shift & 63)
}

// float returns what a register holds, of which a float32 is the lower half.
func (a argument) float(base unsafe.Pointer) float64 {
	return math.Float64frombits(uint64(a.word(base)))
}

// fill returns args with n elements: registers that the callee does not read
// hold what the first one does.
func fill(args []argument, n int, spare argument) []argument {
	full := make([]argument, n)
	for i := copy(full, args); i < n; i++ {
		full[i] = spare
	}
	return full
}

// hostReturning calls functions whose results have the words of R and Q, which
// are structs of at most four fields, for larger ones the compiler moves through
// memory. It returns nil if there are too many floats among the parameters.
// Integers and floats have registers of their own and a callee does not see
// those it has no parameter for, so a few numbers of registers serve all
// parameters.
func hostReturning[R, Q any](s *hostShape) hostCaller {
	out, rest := s.out, s.rest
	switch ints, floats := len(s.ints), len(s.floats); {
	case ints+floats == 0:
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func() (R, Q))(unsafe.Pointer(&fv)))()
			put(base, out, r)
			put(base, rest, q)
		}
	case ints == 0 && floats <= 2:
		x := fill(s.floats, 2, s.floats[0])
		x0, x1 := x[0], x[1]
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func(x0, x1 float64) (R, Q))(unsafe.Pointer(&fv)))(x0.float(base), x1.float(base))
			put(base, out, r)
			put(base, rest, q)
		}
	case floats > 0:
		return hostFloats[R, Q](s)
	case ints == 1:
		a0 := s.ints[0]
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func(a0 uintptr) (R, Q))(unsafe.Pointer(&fv)))(a0.word(base))
			put(base, out, r)
			put(base, rest, q)
		}
	case ints == 2:
		a0, a1 := s.ints[0], s.ints[1]
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func(a0, a1 uintptr) (R, Q))(unsafe.Pointer(&fv)))(a0.word(base), a1.word(base))
			put(base, out, r)
			put(base, rest, q)
		}
	case ints == 3:
		a0, a1, a2 := s.ints[0], s.ints[1], s.ints[2]
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func(a0, a1, a2 uintptr) (R, Q))(unsafe.Pointer(&fv)))(a0.word(base), a1.word(base), a2.word(base))
			put(base, out, r)
			put(base, rest, q)
		}
	case ints == 4:
		a0, a1, a2, a3 := s.ints[0], s.ints[1], s.ints[2], s.ints[3]
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func(a0, a1, a2, a3 uintptr) (R, Q))(unsafe.Pointer(&fv)))(
				a0.word(base), a1.word(base), a2.word(base), a3.word(base))
			put(base, out, r)
			put(base, rest, q)
		}
	case ints <= 6:
		a := [6]argument(fill(s.ints, 6, s.ints[0]))
		return func(fv, base unsafe.Pointer) {
			r, q := (*(*func(a0, a1, a2, a3, a4, a5 uintptr) (R, Q))(unsafe.Pointer(&fv)))(
				a[0].word(base), a[1].word(base), a[2].word(base), a[3].word(base), a[4].word(base), a[5].word(base))
			put(base, out, r)
			put(base, rest, q)
		}
	}
	a := (*[9]argument)(fill(s.ints, 9, s.ints[0]))
	return func(fv, base unsafe.Pointer) {
		r, q := (*(*func(a0, a1, a2, a3, a4, a5, a6, a7, a8 uintptr) (R, Q))(unsafe.Pointer(&fv)))(
			a[0].word(base), a[1].word(base), a[2].word(base), a[3].word(base), a[4].word(base),
			a[5].word(base), a[6].word(base), a[7].word(base), a[8].word(base))
		put(base, out, r)
		put(base, rest, q)
	}
}

// hostFloats is hostReturning for parameters with floats among them.
func hostFloats[R, Q any](s *hostShape) hostCaller {
	out, rest := s.out, s.rest
	if len(s.ints) > 6 || len(s.floats) > 4 {
		return nil
	}
	a := [6]argument(fill(s.ints, 6, s.floats[0]))
	x := [4]argument(fill(s.floats, 4, s.floats[0]))
	return func(fv, base unsafe.Pointer) {
		r, q := (*(*func(a0, a1, a2, a3, a4, a5 uintptr, x0, x1, x2, x3 float64) (R, Q))(unsafe.Pointer(&fv)))(
			a[0].word(base), a[1].word(base), a[2].word(base), a[3].word(base), a[4].word(base), a[5].word(base),
			x[0].float(base), x[1].float(base), x[2].float(base), x[3].float(base))
		put(base, out, r)
		put(base, rest, q)
	}
}

// put stores results, as Go stores a value with pointers. R is put before Q,
// whose first words may be in R's padding.
func put[R any](base unsafe.Pointer, out uintptr, r R) {
	if unsafe.Sizeof(r) > 0 {
		*(*R)(unsafe.Add(base, out)) = r
	}
}
