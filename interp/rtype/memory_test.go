package rtype_test

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"cuaderno/interp/rtype"
)

// at returns the value of type T at p.
func at[T any](p unsafe.Pointer) T { return *(*T)(p) }

// panicText returns the text of the runtime.Error that f panics with.
func panicText(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		t.Helper()
		err, ok := recover().(error)
		if !ok {
			t.Fatal("no panic")
		}
		text = err.Error()
	}()
	f()
	return ""
}

func TestAllocation(t *testing.T) {
	type node struct {
		next *node
		text string
	}
	rt := reflect.TypeFor[node]()
	n := (*node)(rtype.New(rt))
	n.next = &node{text: "next"}
	m := (*node)(rtype.New(rt))
	rtype.TypedMove(rt, unsafe.Pointer(m), unsafe.Pointer(n))
	runtime.GC()
	if m.next.text != "next" {
		t.Errorf("moved node points to %q", m.next.text)
	}
	rtype.TypedClear(rt, unsafe.Pointer(m))
	if *m != (node{}) {
		t.Errorf("cleared node is %v", *m)
	}
	array := unsafe.Slice((*node)(rtype.MakeSlice(rt, 3, 3)), 3)
	array[2].text = "last"
	rtype.ClearArray(rt, unsafe.Pointer(&array[1]), 2)
	if array[2].text != "" {
		t.Error("array was not cleared")
	}
	if got := rtype.FromPointer(rtype.TypePointer(rt)); got != rt {
		t.Errorf("there and back gives %v", got)
	}
	if got := rtype.FromPointer(nil); got != nil {
		t.Errorf("nil gives %v", got)
	}
}

func TestSlices(t *testing.T) {
	rt := reflect.TypeFor[string]()
	s := []string{"a", "b"}
	grown := at[[]string](unsafe.Pointer(func() *rtype.Slice {
		g := rtype.GrowSlice(rt, at[rtype.Slice](unsafe.Pointer(&s)), 3)
		return &g
	}()))
	want := slices.Grow(slices.Clone(s), 3)
	if !slices.Equal(grown, s) || cap(grown) < cap(want) {
		t.Errorf("grown to %q, capacity %d", grown, cap(grown))
	}
	grown = grown[:5]
	if n := rtype.CopySlice(rt, at[rtype.Slice](unsafe.Pointer(new(grown[1:]))), at[rtype.Slice](unsafe.Pointer(&grown))); n != 4 {
		t.Errorf("copied %d", n)
	}
	if want := []string{"a", "a", "b", "", ""}; !slices.Equal(grown, want) {
		t.Errorf("after the copy: %q", grown)
	}
	made := unsafe.Slice((*string)(rtype.MakeSlice(rt, 2, 4)), 4)
	made[3] = "x"
	if got, want := panicText(t, func() { rtype.MakeSlice(rt, -1, 4) }), "runtime error: makeslice: len out of range"; got != want {
		t.Errorf("panic %q, want %q", got, want)
	}
	if got, want := panicText(t, func() { rtype.MakeSlice(rt, 5, 4) }), "runtime error: makeslice: cap out of range"; got != want {
		t.Errorf("panic %q, want %q", got, want)
	}
}

func TestEquality(t *testing.T) {
	x, y := any([]int{1}), any("a")
	any_ := reflect.TypeFor[any]()
	if rtype.Equal(any_, unsafe.Pointer(&x), unsafe.Pointer(&y)) || !rtype.Equal(any_, unsafe.Pointer(&y), unsafe.Pointer(&y)) {
		t.Error("interfaces compare wrongly")
	}
	for want, f := range map[string]func(){
		"runtime error: comparing uncomparable type []int": func() { rtype.Equal(any_, unsafe.Pointer(&x), unsafe.Pointer(&x)) },
		"runtime error: comparing uncomparable type func()": func() {
			f := func() {}
			rtype.Equal(reflect.TypeOf(f), unsafe.Pointer(&f), unsafe.Pointer(&f))
		},
	} {
		if got := panicText(t, f); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
}

func TestItabs(t *testing.T) {
	stringer, duration := reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[reflect.Kind]()
	kind := reflect.Map
	value := struct{ tab, data unsafe.Pointer }{rtype.ItabOf(stringer, duration), unsafe.Pointer(&kind)}
	if got := at[fmt.Stringer](unsafe.Pointer(&value)).String(); got != "map" {
		t.Errorf("the method returned %q", got)
	}
	if rtype.ItabType(value.tab) != rtype.TypePointer(duration) {
		t.Error("the itab is of another type")
	}
	code := rtype.ItabFun(value.tab, 0)
	closure := unsafe.Pointer(&code)
	if got := at[func(unsafe.Pointer) string](unsafe.Pointer(&closure))(unsafe.Pointer(&kind)); got != "map" {
		t.Errorf("the itab's code returned %q", got)
	}
	if rtype.ItabOf(stringer, reflect.TypeFor[int]()) != nil {
		t.Error("int is a Stringer")
	}
	if rtype.ItabOf(reflect.TypeFor[any](), duration) != rtype.TypePointer(duration) {
		t.Error("the first word of an any is not the type")
	}
	got := panicText(t, func() { rtype.MustItab(stringer, reflect.TypeFor[int]()) })
	if want := "interface conversion: int is not fmt.Stringer: missing method String"; got != want {
		t.Errorf("panic %q, want %q", got, want)
	}
	if rtype.PointerShaped(reflect.TypeFor[int]()) || !rtype.PointerShaped(reflect.TypeFor[struct{ p *int }]()) {
		t.Error("PointerShaped is wrong")
	}
}

func TestMaps(t *testing.T) {
	type big [200]byte
	for _, m := range []any{map[string]int{}, map[[2]string]int{}, map[int]string{}, map[uint32]bool{}, map[int]big{}, map[any]int{}} {
		rt := reflect.TypeOf(m)
		t.Run(rt.String(), func(t *testing.T) {
			p := rtype.MakeMap(rt, 10)
			native := reflect.NewAt(rt, unsafe.Pointer(&p)).Elem()
			for i := range 40 {
				key := keyOf(rt.Key(), i)
				elem := reflect.NewAt(rt.Elem(), rtype.MapAssign(rt, p, key.UnsafePointer())).Elem()
				elem.Set(keyOf(rt.Elem(), i).Elem())
			}
			if native.Len() != 40 || rtype.MapLen(p) != 40 {
				t.Fatalf("%d entries", rtype.MapLen(p))
			}
			for i := range 40 {
				elem := rtype.MapAccess(rt, p, keyOf(rt.Key(), i).UnsafePointer())
				if !reflect.NewAt(rt.Elem(), elem).Elem().Equal(keyOf(rt.Elem(), i).Elem()) {
					t.Errorf("element %d is wrong", i)
				}
			}
			if rtype.MapAccess(rt, p, keyOf(rt.Key(), 41).UnsafePointer()) != nil {
				t.Error("a key that is not there was found")
			}
			seen := 0
			var it rtype.MapIter
			for it.Init(rt, p); it.Key != nil; it.Next() {
				if rtype.MapAccess(rt, p, it.Key) != it.Elem {
					t.Error("the walk finds another element")
				}
				seen++
			}
			if seen != 40 {
				t.Errorf("the walk found %d entries", seen)
			}
			rtype.MapDelete(rt, p, keyOf(rt.Key(), 7).UnsafePointer())
			if native.MapIndex(keyOf(rt.Key(), 7).Elem()).IsValid() {
				t.Error("the entry was not deleted")
			}
			rtype.MapClear(rt, p)
			if native.Len() != 0 {
				t.Error("the map was not cleared")
			}
		})
	}
}

// keyOf returns a pointer to the i-th value of a type.
func keyOf(rt reflect.Type, i int) reflect.Value {
	v := reflect.New(rt)
	switch rt.Kind() {
	case reflect.String:
		v.Elem().SetString(fmt.Sprint(i))
	case reflect.Int:
		v.Elem().SetInt(int64(i))
	case reflect.Uint32, reflect.Uint8:
		v.Elem().SetUint(uint64(i))
	case reflect.Bool:
		v.Elem().SetBool(i%2 == 0)
	case reflect.Array:
		v.Elem().Index(1).Set(keyOf(rt.Elem(), i).Elem())
	case reflect.Interface:
		v.Elem().Set(reflect.ValueOf(i))
	}
	return v
}

func TestFastMaps(t *testing.T) {
	for rt, want := range map[reflect.Type]rtype.MapKeys{
		reflect.TypeFor[map[int32]int]():       rtype.Keys32,
		reflect.TypeFor[map[uint]string]():     rtype.Keys64,
		reflect.TypeFor[map[string]string]():   rtype.KeysString,
		reflect.TypeFor[map[*int]string]():     rtype.KeysAny,
		reflect.TypeFor[map[int][129]byte]():   rtype.KeysAny,
		reflect.TypeFor[map[float64]string]():  rtype.KeysAny,
		reflect.TypeFor[map[int][128]byte]():   rtype.Keys64,
		reflect.TypeFor[map[[1]int64]string](): rtype.KeysAny,
	} {
		if got := rtype.MapKeysOf(rt); got != want {
			t.Errorf("%v: %v, want %v", rt, got, want)
		}
	}
	m32, m64, ms := map[int32]int{}, map[uint64]int{}, map[string]int{}
	rt32, rt64, rts := reflect.TypeOf(m32), reflect.TypeOf(m64), reflect.TypeOf(ms)
	p32, p64, ps := at[unsafe.Pointer](unsafe.Pointer(&m32)), at[unsafe.Pointer](unsafe.Pointer(&m64)), at[unsafe.Pointer](unsafe.Pointer(&ms))
	for i := range 100 {
		*(*int)(rtype.MapAssign32(rt32, p32, uint32(int32(-i)))) = i
		*(*int)(rtype.MapAssign64(rt64, p64, uint64(i))) = i
		*(*int)(rtype.MapAssignString(rts, ps, fmt.Sprint(i))) = i
	}
	for i := range 100 {
		if m32[int32(-i)] != i || m64[uint64(i)] != i || ms[fmt.Sprint(i)] != i {
			t.Fatalf("Go finds %d, %d, %d for %d", m32[int32(-i)], m64[uint64(i)], ms[fmt.Sprint(i)], i)
		}
		if at[int](rtype.MapAccess32(rt32, p32, uint32(int32(-i)))) != i || at[int](rtype.MapAccess64(rt64, p64, uint64(i))) != i ||
			at[int](rtype.MapAccessString(rts, ps, fmt.Sprint(i))) != i {
			t.Fatalf("element %d is wrong", i)
		}
	}
	if rtype.MapAccess32(rt32, p32, 5) != nil || rtype.MapAccess64(rt64, p64, 1000) != nil || rtype.MapAccessString(rts, ps, "x") != nil {
		t.Error("a key that is not there was found")
	}
}

func TestNilMap(t *testing.T) {
	rt := reflect.TypeFor[map[string]int]()
	key := "a"
	if rtype.MapAccess(rt, nil, unsafe.Pointer(&key)) != nil || rtype.MapAccessString(rt, nil, key) != nil || rtype.MapLen(nil) != 0 {
		t.Error("a nil map has entries")
	}
	rtype.MapDelete(rt, nil, unsafe.Pointer(&key))
	rtype.MapClear(rt, nil)
	var it rtype.MapIter
	if it.Init(rt, nil); it.Key != nil {
		t.Error("the walk over a nil map found an entry")
	}
	for _, f := range []func(){
		func() { rtype.MapAssign(rt, nil, unsafe.Pointer(&key)) },
		func() { rtype.MapAssignString(rt, nil, key) },
	} {
		if got, want := panicText(t, f), "assignment to entry in nil map"; got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
}

func TestChannels(t *testing.T) {
	rt := reflect.TypeFor[chan string]()
	ch := rtype.MakeChan(rt, 1)
	native := at[chan string](unsafe.Pointer(&ch))
	a, b, got := "a", "b", ""
	if !rtype.ChanTrySend(ch, unsafe.Pointer(&a)) {
		t.Error("the empty channel took no value")
	}
	if rtype.ChanTrySend(ch, unsafe.Pointer(&b)) || rtype.ChanLen(ch) != 1 || rtype.ChanCap(ch) != 1 {
		t.Error("the full channel took a value")
	}
	if ready, received := rtype.ChanTryRecv(ch, unsafe.Pointer(&got)); !ready || !received || got != "a" {
		t.Errorf("received %q", got)
	}
	if ready, _ := rtype.ChanTryRecv(ch, unsafe.Pointer(&got)); ready {
		t.Error("received from an empty channel")
	}
	native <- "c"
	if ready, received := rtype.ChanTryRecv(ch, nil); !ready || !received {
		t.Error("received no value")
	}
	cases := []rtype.SelectCase{
		{Dir: reflect.SelectRecv, Chan: ch, Elem: unsafe.Pointer(&got)},
		{Dir: reflect.SelectSend, Chan: nil, Elem: unsafe.Pointer(&b)},
		{Dir: reflect.SelectDefault},
	}
	if chosen, _ := rtype.Select(cases); chosen != 2 {
		t.Errorf("chose %d", chosen)
	}
	native <- "d"
	if chosen, received := rtype.Select(cases); chosen != 0 || !received || got != "d" {
		t.Errorf("chose %d, %v, %q", chosen, received, got)
	}
	rtype.ChanClose(ch)
	if ready, received := rtype.ChanTryRecv(ch, unsafe.Pointer(&got)); !ready || received || got != "" {
		t.Errorf("a closed channel gave %q", got)
	}
	for want, f := range map[string]func(){
		"close of closed channel":     func() { rtype.ChanClose(ch) },
		"close of nil channel":        func() { rtype.ChanClose(nil) },
		"send on closed channel":      func() { rtype.ChanTrySend(ch, unsafe.Pointer(&a)) },
		"makechan: size out of range": func() { rtype.MakeChan(rt, -1) },
	} {
		if got := panicText(t, f); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
}
