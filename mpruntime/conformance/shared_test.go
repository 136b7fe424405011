//go:build unix

package conformance_test

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	mp "cuaderno/mpruntime"
)

// scalars are values of several types, each in shared memory.
type scalars struct {
	i *mp.Value[int32]
	d *mp.Value[float64]
	h *mp.Value[int16]
	q *mp.Value[int64]
	c *mp.Value[byte]
	b *mp.Value[bool]
}

func TestValue(t *testing.T) {
	conform(t, "_TestValue.test_value", func(t *testing.T) {
		s := scalars{mp.NewValue[int32](4343), mp.NewValue(3.625), mp.NewValue[int16](-232), mp.NewValue[int64](1 << 33), mp.NewValue(byte('x')), mp.NewValue(false)}
		if s.i.Get() != 4343 || s.d.Get() != 3.625 || s.h.Get() != -232 || s.q.Get() != 1<<33 || s.c.Get() != 'x' || s.b.Get() {
			t.Error("the values are not those at first")
		}
		ends(t, daemon(t, func(s scalars) {
			s.i.Set(24234)
			s.d.Set(-4.25)
			s.h.Set(234)
			s.q.Set(1 << 34)
			s.c.Set('y')
			s.b.Set(true)
		}, s))
		if s.i.Get() != 24234 || s.d.Get() != -4.25 || s.h.Get() != 234 || s.q.Get() != 1<<34 || s.c.Get() != 'y' || !s.b.Get() {
			t.Error("the values are not those of the child")
		}
	})
	conform(t, "_TestValue.test_rawvalue", func(t *testing.T) {
		i, d := mp.NewRawValue(4343), mp.NewRawValue(3.625)
		equal(t, "at first", i.Get(), 4343)
		ends(t, daemon(t, func(i *mp.RawValue[int], d *mp.RawValue[float64]) { i.Set(24234); *d.Raw() = -4.25 }, i, d))
		equal(t, "after the child", i.Get(), 24234)
		equal(t, "after the child", *d.Raw(), -4.25)
	})
	conform(t, "_TestValue.test_getobj_getlock", func(t *testing.T) {
		v := mp.NewValue(5)
		ok(t, v.Lock())
		ok(t, v.Lock()) // its owner may
		v.Set(v.Get() + 1)
		var other sync.WaitGroup
		other.Go(func() { equal(t, "another goroutine takes the lock", v.TryLock(), false) })
		other.Wait()
		ok(t, v.Unlock())
		ok(t, v.Unlock())
		equal(t, "value", v.Get(), 6)
		if _, lockable := any(mp.NewRawValue(5)).(sync.Locker); lockable {
			t.Error("a raw value has a lock")
		}
	})
}

// partialSums is CPython's: each element becomes the sum of those up to it.
func partialSums(a *mp.Array[int]) {
	for i := 1; i < a.Len(); i++ {
		a.Set(i, a.At(i)+a.At(i-1))
	}
}

func TestArray(t *testing.T) {
	numbers := []int{680, 626, 934, 821, 150, 233, 548, 982, 714, 831}
	want := func() (sums []int) {
		sum := 0
		for _, n := range numbers {
			sum += n
			sums = append(sums, sum)
		}
		return sums
	}()
	conform(t, "_TestArray.test_array", func(t *testing.T) {
		a := mp.NewArrayOf(numbers...)
		equal(t, "length", a.Len(), len(numbers))
		equal(t, "an element", a.At(3), numbers[3])
		if got := a.Slice()[2:7]; !slices.Equal(got, numbers[2:7]) {
			t.Errorf("a part is %v", got)
		}
		ends(t, daemon(t, partialSums, a))
		if got := a.Slice(); !slices.Equal(got, want) {
			t.Errorf("sums %v, want %v", got, want)
		}
	})
	conform(t, "_TestArray.test_array_from_size", func(t *testing.T) {
		for range 3 {
			a := mp.NewArray[int](10)
			if got := a.Slice(); !slices.Equal(got, make([]int, 10)) {
				t.Errorf("at first %v", got)
			}
			equal(t, "copied", a.Copy(numbers), 10)
			if got := a.Slice(); !slices.Equal(got, numbers) {
				t.Errorf("after it %v", got)
			}
		}
	})
	conform(t, "_TestArray.test_rawarray", func(t *testing.T) {
		a := mp.NewRawArrayOf(numbers...)
		ends(t, daemon(t, func(a *mp.RawArray[int]) {
			raw := a.Raw()
			for i := 1; i < len(raw); i++ {
				raw[i] += raw[i-1]
			}
		}, a))
		if got := a.Raw(); !slices.Equal(got, want) {
			t.Errorf("sums %v, want %v", got, want)
		}
	})
	conform(t, "_TestArray.test_getobj_getlock_obj", func(t *testing.T) {
		a := mp.NewArrayOf(numbers...)
		ok(t, a.Lock())
		ok(t, a.Lock())
		a.Set(0, a.At(0)+1)
		var other sync.WaitGroup
		other.Go(func() { equal(t, "another goroutine takes the lock", a.TryLock(), false) })
		other.Wait()
		ok(t, a.Unlock())
		ok(t, a.Unlock())
		equal(t, "an element", a.At(0), 681)
		if _, lockable := any(mp.NewRawArrayOf(numbers...)).(sync.Locker); lockable {
			t.Error("a raw array has a lock")
		}
	})
}

func TestHeap(t *testing.T) {
	conform(t, "_TestHeap.test_heap", func(t *testing.T) {
		var kept []*mp.Array[byte]
		for i := range 200 {
			a := mp.NewArray[byte](1 + i*37)
			for j := range a.Len() {
				if a.At(j) != 0 {
					t.Fatalf("array %d is not zero", i)
				}
				a.Set(j, byte(i))
			}
			if kept = append(kept, a); len(kept) > 20 {
				kept = slices.Delete(kept, i%20, i%20+1)
			}
		}
		for _, a := range kept {
			for j := range a.Len() {
				equal(t, "an element of another array", a.At(j), a.At(0))
			}
		}
	})
	conform(t, "_TestHeap.test_free_from_gc", func(t *testing.T) {
		onLinux(t)
		before := openFiles()
		for range 300 {
			a := mp.NewArray[int](100)
			a.Set(0, 1)
		}
		eventually(t, "the memory of forgotten arrays is given back", func() bool {
			runtime.GC()
			return openFiles() < before+50
		})
	})
}

// A body is a value of several fields in shared memory, as CPython's Structure.
type body struct {
	x    int32
	y    float64
	z    int64
	name [6]byte
}

func TestSharedTypes(t *testing.T) {
	twice := func(x *mp.Value[int32], y *mp.Value[float64], b *mp.Value[body], a *mp.Array[float64]) {
		x.Set(x.Get() * 2)
		y.Set(y.Get() * 2)
		b.Update(func(b body) body { b.x *= 2; b.y *= 2; b.z *= 2; b.name[0]++; return b })
		for i := range a.Len() {
			a.Set(i, a.At(i)*2)
		}
	}
	conform(t, "_TestSharedCTypes.test_sharedctypes", func(t *testing.T) {
		x, y := mp.NewValue[int32](7), mp.NewValue(1.0/3)
		b := mp.NewValue(body{3, 2, 1 << 33, [6]byte([]byte("hello "))})
		a := mp.NewArrayOf(0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		ends(t, daemon(t, twice, x, y, b, a))
		equal(t, "x", x.Get(), 14)
		if math.Abs(y.Get()-2.0/3) > 1e-9 {
			t.Errorf("y is %v", y.Get())
		}
		equal(t, "the body", b.Get(), body{6, 4, 1 << 34, [6]byte([]byte("iello "))})
		for i, f := range a.Slice() {
			equal(t, "an element", f, float64(2*i))
		}
	})
	conform(t, "_TestSharedCTypes.test_synchronize", func(t *testing.T) {
		n := mp.NewValue(0)
		add := func(n *mp.Value[int]) {
			for range 1000 {
				panicOn(n.Lock())
				n.Set(n.Get() + 1)
				panicOn(n.Unlock())
			}
		}
		var all []*mp.Process
		for range 3 {
			all = append(all, daemon(t, add, n))
		}
		ends(t, all...)
		equal(t, "sum", n.Get(), 3000)
	})
	conform(t, "_TestSharedCTypes.test_copy", func(t *testing.T) {
		shared := mp.NewValue(body{x: 2, y: 5})
		copied := shared.Get()
		shared.Set(body{})
		equal(t, "the copy", copied, body{x: 2, y: 5})
		a := mp.NewArrayOf(1, 2, 3)
		slice := a.Slice()
		a.Set(0, 100)
		equal(t, "the copy of an array", slice[0], 1)
	})
}
