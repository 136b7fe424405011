//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// celsius and point are elements of named types.
type (
	celsius float64
	point   struct {
		X, Y int32
		Seen bool
		Grid [2]float64
	}
)

func TestValueTypes(t *testing.T) {
	check := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("int", mp.NewValue(-5).Add(2), -3)
	check("float64", mp.NewValue(2.5).Add(0.25), 2.75)
	check("uint8", mp.NewValue(uint8(250)).Add(10), uint8(4))
	check("int8", mp.NewValue(int8(127)).Add(1), int8(-128))
	check("int16", mp.NewValue(int16(-3)).Add(-4), int16(-7))
	check("int32", mp.NewValue(int32(-3)).Add(-4), int32(-7))
	check("float32", mp.NewValue(float32(0.5)).Add(1), float32(1.5))
	check("complex128", mp.NewValue(1+2i).Add(1i), 1+3i)
	check("named", mp.NewValue(celsius(20)).Add(1.5), celsius(21.5))
	check("duration", mp.NewValue(time.Second).Add(time.Second), 2*time.Second)
	check("bool", mp.NewValue(true).Get(), true)
	check("rune", mp.NewValue('ñ').Get(), 'ñ')
	p := mp.NewValue(point{X: 1, Grid: [2]float64{3, 4}})
	check("struct", p.Update(func(p point) point { p.Y = 2; return p }), point{1, 2, false, [2]float64{3, 4}})
	check("struct again", p.Get(), point{1, 2, false, [2]float64{3, 4}})
	check("String", p.String(), "<Value {1 2 false [3 4]}>")
	raw := mp.NewRawValue(7)
	*raw.Raw() = 8
	check("raw", raw.Get(), 8)
	raw.Set(9)
	check("raw", *raw.Raw(), 9)
}

func TestUpdateReleasesTheLockAfterAPanic(t *testing.T) {
	v := mp.NewValue(1)
	func() {
		defer func() { _ = recover() }()
		v.Update(func(int) int { panic("ay") })
	}()
	within(t, "Lock", func() { noError(t, v.Lock()) })
}

func TestValueLockIsReentrant(t *testing.T) {
	v := mp.NewValue(1)
	noError(t, v.Lock())
	within(t, "the owner", func() {}) // the lock is of this goroutine
	v.Set(v.Add(1) + v.Update(func(x int) int { return x + 1 }))
	noError(t, v.Unlock())
	if v.Get() != 5 {
		t.Errorf("got %d, want 5", v.Get())
	}
}

// count adds 1 to v n times in one of several ways.
func count(how string, v *mp.Value[int], l *mp.Lock, n int) {
	for range n {
		switch how {
		case "Add":
			v.Add(1)
		case "Update":
			v.Update(func(x int) int { return x + 1 })
		case "Value.Lock":
			v.Lock()
			v.Set(v.Get() + 1)
			v.Unlock()
		case "Lock":
			l.Lock()
			v.Set(v.Get() + 1)
			l.Unlock()
		default:
			x := v.Get()
			runtime.Gosched()
			v.Set(x + 1)
		}
	}
}

func TestCountingInTwoProcesses(t *testing.T) {
	const n = 20_000
	for _, how := range []string{"Add", "Update", "Value.Lock", "Lock"} {
		t.Run(how, func(t *testing.T) {
			v, l := mp.NewValue(0), mp.NewLock()
			a, b := mp.NewProcess(count, how, v, l, n), mp.NewProcess(count, how, v, l, n)
			noError(t, a.Start())
			noError(t, b.Start())
			within(t, "counting", func() { count(how, v, l, n) })
			if join(t, a) != 0 || join(t, b) != 0 || v.Get() != 3*n {
				t.Errorf("counted to %d, want %d", v.Get(), 3*n)
			}
		})
	}
}

// The lesson of the course: without the lock updates are lost.
func TestUpdatesAreLostWithoutTheLock(t *testing.T) {
	const n = 100_000
	for limit := time.Now().Add(generous); ; {
		v := mp.NewValue(0)
		a, b := mp.NewProcess(count, "bare", v, (*mp.Lock)(nil), n), mp.NewProcess(count, "bare", v, (*mp.Lock)(nil), n)
		noError(t, a.Start())
		noError(t, b.Start())
		join(t, a)
		join(t, b)
		if v.Get() < 2*n {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("no update was ever lost")
		}
	}
}

func TestArray(t *testing.T) {
	a := mp.NewArrayOf(3, 1, 2)
	a.Set(0, 30)
	if a.At(0) != 30 || a.Len() != 3 || !slices.Equal(a.Slice(), []int{30, 1, 2}) {
		t.Errorf("got %v", a)
	}
	if n := a.Copy([]int{7, 8, 9, 10}); n != 3 || !slices.Equal(a.Slice(), []int{7, 8, 9}) {
		t.Errorf("Copy of 4 to 3 elements: %d, %v", n, a)
	}
	if a.Add(1, 2) != 10 || a.Update(2, func(x int) int { return -x }) != -9 {
		t.Errorf("Add and Update: %v", a)
	}
	if text := string(mp.NewArrayOf([]byte("abc")...).Slice()); text != "abc" {
		t.Errorf("a text: %q", text)
	}
	if got := mp.NewArray[point](2); got.Len() != 2 || got.At(1) != (point{}) {
		t.Errorf("structs: %v", got)
	}
	if got := mp.NewArray[float64](0); got.Len() != 0 || len(got.Slice()) != 0 {
		t.Errorf("no elements: %v", got)
	}
	for i, f := range map[int]func(int){5: func(i int) { a.At(i) }, 3: func(i int) { a.Set(i, 1) }, -1: func(i int) { a.Add(i, 1) }} {
		func() {
			defer func() {
				want := fmt.Sprintf("index out of range [%d]", i)
				if err, ok := recover().(runtime.Error); !ok || !strings.Contains(err.Error(), want) {
					t.Errorf("index %d: %v", i, err)
				}
			}()
			f(i)
		}()
	}
	raw := mp.NewRawArrayOf(1.5, 2.5)
	raw.Raw()[1] = 9
	if raw.At(1) != 9 || !reflect.DeepEqual(raw.Raw(), []float64{1.5, 9}) {
		t.Errorf("raw: %v", raw)
	}
}

// fill writes to every kind of shared memory.
func fill(a *mp.Array[celsius], p *mp.Value[point], raw *mp.RawArray[int], nested map[string]any) {
	for i := range a.Len() {
		a.Set(i, celsius(i)+0.5)
	}
	p.Update(func(p point) point { p.X = 42; return p })
	raw.Raw()[0] = 7
	nested["event"].(*mp.Event).Set()
}

func TestSharedByAChild(t *testing.T) {
	a, p, raw, e := mp.NewArray[celsius](3), mp.NewValue(point{Y: 1}), mp.NewRawArray[int](1), mp.NewEvent()
	child := mp.NewProcess(fill, a, p, raw, map[string]any{"event": e})
	noError(t, child.Start())
	if code := join(t, child); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if got := a.Slice(); !slices.Equal(got, []celsius{0.5, 1.5, 2.5}) {
		t.Errorf("array: %v", got)
	}
	if got := p.Get(); got != (point{X: 42, Y: 1}) {
		t.Errorf("struct: %v", got)
	}
	if raw.At(0) != 7 || !e.IsSet() {
		t.Errorf("raw: %v, event %v", raw.At(0), e.IsSet())
	}
}

func TestForgottenValuesLeaveNothing(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/dev/fd")
		noError(t, err)
		return len(entries)
	}
	before := descriptors()
	for range 100 {
		mp.NewValue(1).Add(1)
	}
	for limit := time.Now().Add(generous); descriptors() > before+10; {
		runtime.GC()
		if time.Now().After(limit) {
			t.Fatalf("%d descriptors are open, %d were", descriptors(), before)
		}
	}
}

// makeNamed makes memory, of which only the name outlives the process.
func makeNamed(name string) {
	m := mp.NewSharedMemory(name, 100)
	if m.Err() != nil {
		os.Exit(3)
	}
	copy(m.Bytes(), "hola")
	m.Close()
}

func openNamed(name, want string) {
	m := mp.OpenSharedMemory(name)
	if m.Err() != nil || string(m.Bytes()[:len(want)]) != want {
		os.Exit(3)
	}
	m.Bytes()[0] = 'H'
	if m.Unlink() != nil {
		os.Exit(4)
	}
}

func TestSharedMemory(t *testing.T) {
	p := mp.NewProcess(makeNamed, "prueba")
	noError(t, p.Start())
	if code := join(t, p); code != 0 {
		t.Fatalf("making it in a child: exit code %d", code)
	}
	m := mp.OpenSharedMemory("/prueba")
	noError(t, m.Err())
	if m.Size() != 100 || m.Name() != "prueba" || string(m.Bytes()[:4]) != "hola" {
		t.Errorf("%v: %q", m, m.Bytes()[:4])
	}
	if err := mp.NewSharedMemory("prueba", 1).Err(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if entries, err := filepath.Glob("/dev/shm/*prueba*"); err != nil || len(entries) > 0 {
		t.Errorf("files that a killed process would leave: %v, %v", entries, err)
	}
	p = mp.NewProcess(openNamed, "prueba", "hola")
	noError(t, p.Start())
	if code := join(t, p); code != 0 {
		t.Fatalf("opening it in a child: exit code %d", code)
	}
	kept := m.Bytes()
	if kept[0] != 'H' {
		t.Error("what the child wrote is not seen here")
	}
	if err := mp.OpenSharedMemory("prueba").Err(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Unlink: %v", err)
	}
	if err := m.Unlink(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a second Unlink: %v", err)
	}
	noError(t, m.Close())
	noError(t, m.Close())
	kept[1] = 'x' // faults not
	c, _, _ := inCell(t, context.Background())
	if m.Bytes() != nil || c.failed.Load() == nil {
		t.Error("a closed memory has bytes")
	}
	for _, name := range []string{"a/b", strings.Repeat("x", 300), "/"} {
		if mp.NewSharedMemory(name, 1).Err() == nil {
			t.Errorf("%.10q is a name", name)
		}
	}
	if mp.NewSharedMemory("", 0).Err() == nil || mp.NewSharedMemory("", -1).Err() == nil {
		t.Error("made no bytes")
	}
	one, other := mp.NewSharedMemory("", 10), mp.NewSharedMemory("", 10)
	if one.Err() != nil || one.Name() == other.Name() {
		t.Errorf("names of their own: %v, %v", one, other)
	}
}

func changeList(l *mp.ShareableList, name string) {
	same := mp.OpenShareableList(name)
	if same.Err() != nil || same.Len() != l.Len() {
		os.Exit(3)
	}
	if l.Set(0, 100) != nil || same.Set(1, "adiós") != nil {
		os.Exit(4)
	}
}

func TestShareableList(t *testing.T) {
	l := mp.NewShareableList(-1, "mundo!", 2.5, true, nil, []byte{0, 1, 0}, "")
	noError(t, l.Err())
	want := []any{-1, "mundo!", 2.5, true, nil, []byte{0, 1, 0}, ""}
	if got := l.Items(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	p := mp.NewProcess(changeList, l, l.Name())
	noError(t, p.Start())
	if code := join(t, p); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if l.At(0) != 100 || l.At(1) != "adiós" {
		t.Errorf("after the child: %v", l)
	}
	if err := l.Set(1, "demasiado largo"); err == nil || l.At(1) != "adiós" {
		t.Errorf("a text longer than its room: %v, %v", err, l.At(1))
	}
	noError(t, l.Set(1, 3.5)) // another type
	noError(t, l.Set(0, "8 bytes!"))
	if err := l.Set(2, []int{1}); err == nil {
		t.Error("a list of ints is an item")
	}
	if l.Index(3.5) != 1 || l.Index("nada") != -1 || l.Count(nil) != 1 || l.Count(true) != 1 {
		t.Errorf("Index and Count in %v", l)
	}
	m := mp.NewSharedMemory("", 100)
	if err := mp.OpenShareableList(m.Name()).Err(); err == nil {
		t.Error("any memory is a list")
	}
	if mp.NewShareableList(1, struct{}{}).Err() == nil {
		t.Error("any value is an item")
	}
	noError(t, l.Unlink())
	noError(t, l.Close())
}

func BenchmarkLockAddAlone(b *testing.B) {
	v := mp.NewValue(0)
	for b.Loop() {
		v.Lock()
		v.Set(v.Get() + 1)
		v.Unlock()
	}
}

func BenchmarkAddAlone(b *testing.B) {
	v := mp.NewValue(0)
	for b.Loop() {
		v.Add(1)
	}
}

func BenchmarkArrayAccess(b *testing.B) {
	a := mp.NewArray[int](1000)
	for i := 0; b.Loop(); i++ {
		a.Set(i%1000, a.At(i%1000)+1)
	}
}

// countBetween counts n times between two events.
func countBetween(how string, v *mp.Value[int], n int, ready *mp.Semaphore, start *mp.Event, done *mp.Semaphore) {
	ready.Release()
	start.Wait()
	count(how, v, nil, n)
	done.Release()
}

// BenchmarkLockAddContended is two processes that count together; the time is that
// of one increment of either.
func BenchmarkLockAddContended(b *testing.B) {
	const n = 300_000
	for _, how := range []string{"Add", "Value.Lock"} {
		b.Run(how, func(b *testing.B) {
			var spent time.Duration
			rounds := 0
			for b.Loop() {
				v, ready, start, done := mp.NewValue(0), mp.NewSemaphore(0), mp.NewEvent(), mp.NewSemaphore(0)
				var all sync.WaitGroup
				for range 2 {
					p := mp.NewProcess(countBetween, how, v, n, ready, start, done)
					if err := p.Start(); err != nil {
						b.Fatal(err)
					}
					all.Go(func() { p.Join() })
				}
				ready.Acquire()
				ready.Acquire()
				began := time.Now()
				start.Set()
				done.Acquire()
				done.Acquire()
				spent += time.Since(began)
				rounds++
				all.Wait()
				if v.Get() != 2*n {
					b.Fatalf("counted to %d", v.Get())
				}
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(2*n*rounds), "ns/add")
		})
	}
}
