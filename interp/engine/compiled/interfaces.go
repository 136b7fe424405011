package compiled

import (
	"go/types"
	"os"
	"reflect"
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

func isEmptyInterface(t types.Type) bool {
	return t.Underlying().(*types.Interface).NumMethods() == 0
}

func toAny(x iface) any { return *(*any)(unsafe.Pointer(&x)) }

// itabType returns the type of an itab, nil for nil.
func itabType(tab pointer) pointer {
	if tab == nil {
		return nil
	}
	return rtype.ItabType(tab)
}

// makeInterface compiles a conversion of a concrete value to an interface.
func (c *compiler) makeInterface(i *ssa.MakeInterface) step {
	dst := c.register(i)
	rt := c.e.typ(i.X.Type())
	tab := rtype.ItabOf(c.e.typ(i.Type()), rt)
	if tab == nil {
		panic("an interface that its value does not implement: " + i.String())
	}
	if k, ok := i.X.(*ssa.Const); ok {
		if x, ok := c.boxConstant(k, rt); ok {
			return func(fr *frame) { *at[iface](fr, dst) = iface{tab, x} }
		}
	}
	x := c.reg(i.X)
	if rt == reflect.TypeFor[*os.File]() && len(c.e.options.Files) > 0 && c.e.typ(i.Type()).NumMethod() > 0 {
		return c.makeFileInterface(dst, x, tab, c.e.typ(i.Type()))
	}
	if rtype.PointerShaped(rt) {
		return func(fr *frame) { *at[iface](fr, dst) = iface{tab, *at[pointer](fr, x)} }
	}
	switch classOf(i.X.Type()) {
	case i64, u64:
		return func(fr *frame) { *at[iface](fr, dst) = iface{tab, boxed(*at[uint64](fr, x))} }
	case str:
		return func(fr *frame) { *at[iface](fr, dst) = iface{tab, boxed(*at[string](fr, x))} }
	case agg:
		e := c.e
		return func(fr *frame) {
			p := fr.th.newValue(e, rt)
			typedMove(rt, p, fr.pointer(x))
			*at[iface](fr, dst) = iface{tab, p}
		}
	}
	box := c.box(i.X)
	return func(fr *frame) { *at[iface](fr, dst) = iface{tab, box(fr)} }
}

// makeFileInterface is makeInterface for files: the process's own are the cell's.
func (c *compiler) makeFileInterface(dst, x uintptr, tab pointer, inter reflect.Type) step {
	files := c.e.options.Files
	return func(fr *frame) {
		f := *at[*os.File](fr, x)
		if stand, ok := files[f]; ok && f != nil {
			if tab := rtype.ItabOf(inter, reflect.TypeOf(stand)); tab != nil {
				*at[iface](fr, dst) = iface{tab, (*iface)(pointer(&stand)).data}
				return
			}
		}
		*at[iface](fr, dst) = iface{tab, pointer(f)}
	}
}

// boxConstant returns the data word of an interface that holds a constant. All
// evaluations share it, for nothing can change what is in an interface.
func (c *compiler) boxConstant(k *ssa.Const, rt reflect.Type) (pointer, bool) {
	if k.Value == nil {
		return nil, false
	}
	if _, isBasic := k.Type().Underlying().(*types.Basic); !isBasic || classOf(k.Type()) == ptr {
		return nil, false
	}
	p := rtype.New(rt)
	setConstant(classOf(k.Type()), 0, k.Value)(p)
	return p, true
}

// box compiles the data word of an interface that holds v.
func (c *compiler) box(v ssa.Value) pointerValue {
	x, rt := c.reg(v), c.e.typ(v.Type())
	if rtype.PointerShaped(rt) {
		return func(fr *frame) pointer { return *at[pointer](fr, x) }
	}
	switch classOf(v.Type()) {
	case boolean, i8, u8:
		return func(fr *frame) pointer { return boxed(*at[uint8](fr, x)) }
	case i16, u16:
		return func(fr *frame) pointer { return boxed(*at[uint16](fr, x)) }
	case i32, u32, f32:
		return func(fr *frame) pointer { return boxed(*at[uint32](fr, x)) }
	case i64, u64, f64, c64:
		return func(fr *frame) pointer { return boxed(*at[uint64](fr, x)) }
	case c128:
		return func(fr *frame) pointer { return boxed(*at[complex128](fr, x)) }
	case str:
		return func(fr *frame) pointer { return boxed(*at[string](fr, x)) }
	case slc:
		return func(fr *frame) pointer { return boxed(*at[[]byte](fr, x)) }
	}
	e := c.e
	return func(fr *frame) pointer {
		p := fr.th.newValue(e, rt)
		typedMove(rt, p, fr.pointer(x))
		return p
	}
}

// boxed returns the data word that compiled Go makes for x, without an
// allocation where it makes none.
func boxed[T any](x T) pointer {
	e := any(x)
	return (*iface)(unsafe.Pointer(&e)).data
}

// maxAnswers is how many answers an itabCache remembers.
const maxAnswers = 8

// An itabCache finds itabs of one interface type. It remembers the answers for
// the types that came first.
type itabCache struct {
	iface   reflect.Type
	answers atomic.Pointer[[]itabAnswer] // never changed in place
}

type itabAnswer struct{ typ, tab pointer }

// find returns the first word of an interface value with a value of type typ,
// nil if it does not implement the interface.
func (k *itabCache) find(typ pointer) pointer {
	known := k.answers.Load()
	if known != nil {
		for i := range *known {
			if a := &(*known)[i]; a.typ == typ {
				return a.tab
			}
		}
	}
	tab := rtype.ItabOf(k.iface, rtype.FromPointer(typ))
	k.remember(known, itabAnswer{typ, tab})
	return tab
}

// remember adds an answer to those that are known. Of two goroutines that add at
// once, one is not heard.
func (k *itabCache) remember(known *[]itabAnswer, a itabAnswer) {
	var answers []itabAnswer
	if known != nil {
		answers = *known
	}
	if len(answers) < maxAnswers {
		answers = append(answers[:len(answers):len(answers)], a)
		k.answers.CompareAndSwap(known, &answers)
	}
}

// changeInterface compiles a conversion between interface types that cannot
// fail.
func (c *compiler) changeInterface(i *ssa.ChangeInterface) step {
	dst, x := c.register(i), c.reg(i.X)
	from, to := isEmptyInterface(i.X.Type()), isEmptyInterface(i.Type())
	switch {
	case from && to:
		return copyRegister[iface](dst, x)
	case to:
		return func(fr *frame) {
			v := *at[iface](fr, x)
			*at[iface](fr, dst) = iface{itabType(v.tab), v.data}
		}
	}
	typ := c.typeWord(i.X)
	cache := &itabCache{iface: c.e.typ(i.Type())}
	return func(fr *frame) {
		t := typ(fr)
		if t == nil {
			*at[iface](fr, dst) = iface{}
			return
		}
		*at[iface](fr, dst) = iface{cache.find(t), at[iface](fr, x).data}
	}
}

// typeWord compiles the dynamic type of an interface, nil for a nil interface.
func (c *compiler) typeWord(x ssa.Value) pointerValue {
	off := c.reg(x)
	if isEmptyInterface(x.Type()) {
		return func(fr *frame) pointer { return at[iface](fr, off).tab }
	}
	return func(fr *frame) pointer { return itabType(at[iface](fr, off).tab) }
}

// results returns the registers of a value and of the boolean that goes with it,
// if the instruction gives both.
func (c *compiler) results(v ssa.Value, commaOk bool) (dst, ok uintptr) {
	dst = c.register(v)
	if commaOk {
		offsets := c.tuple(v.Type().(*types.Tuple)).offsets
		return dst + offsets[0], dst + offsets[1]
	}
	return dst, 0
}

// extracts reports whether a component of a tuple is used.
func extracts(tuple ssa.Value, index int) bool {
	for _, user := range *tuple.Referrers() {
		if e, ok := user.(*ssa.Extract); ok && e.Index == index && len(*e.Referrers()) > 0 {
			return true
		}
	}
	return false
}

// An assertionError is what a runtime.TypeAssertionError has inside.
type assertionError struct {
	static, concrete, asserted pointer
	missingMethod              string
}

// The compiler refuses one of these if the runtime's type has another size.
var (
	_ [unsafe.Sizeof(runtime.TypeAssertionError{}) - unsafe.Sizeof(assertionError{})]struct{}
	_ [unsafe.Sizeof(assertionError{}) - unsafe.Sizeof(runtime.TypeAssertionError{})]struct{}
)

// panicAssertion is the panic of a failed assertion of an interface of type
// static, nil if that is not to be said, with a value of type concrete, nil if
// it has none.
//
//go:noinline
func panicAssertion(static reflect.Type, concrete pointer, asserted reflect.Type) {
	err := &runtime.TypeAssertionError{}
	e := (*assertionError)(unsafe.Pointer(err))
	if static != nil {
		e.static = rtype.TypePointer(static)
	}
	e.concrete, e.asserted = concrete, rtype.TypePointer(asserted)
	panic(err)
}
