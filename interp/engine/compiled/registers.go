package compiled

import (
	"fmt"
	"go/constant"
	"go/types"
	"reflect"
	"strconv"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

type (
	pointer      = unsafe.Pointer
	pointerValue = value[unsafe.Pointer]
)

// A memory lays out a frame: the fields of a struct type, in order.
type memory struct {
	fields []reflect.Type
	runs   []int // how many equal ones follow each other
	size   uintptr
	layout *layout
	// initial sets the constants of the prototype frame.
	initial []func(proto pointer)
}

// A frameType is the type of a body's frames, with one that has its constants.
type frameType struct {
	rt    reflect.Type
	proto pointer
}

func (m *memory) params(l *layout) {
	m.layout = l
	m.size = l.size
}

// registerTypes are what registers of a class look like to the collector.
var registerTypes = [...]reflect.Type{
	str: reflect.TypeFor[string](),
	ptr: reflect.TypeFor[pointer](),
	ifc: reflect.TypeFor[any](),
	slc: reflect.TypeFor[[]byte](),
}

// value adds a register.
func (m *memory) value(k class, t reflect.Type) uintptr {
	switch k {
	case agg:
	case c128:
		t = reflect.TypeFor[[2]uint64]()
	case str, ptr, ifc, slc:
		t = registerTypes[k]
	default:
		t = reflect.TypeFor[uint64]()
	}
	m.size = align(m.size, uintptr(max(t.Align(), 8)))
	off := m.size
	m.size += t.Size()
	if n := len(m.fields) - 1; n >= 0 && m.fields[n] == t && k != agg {
		m.runs[n]++
	} else {
		m.fields = append(m.fields, t)
		m.runs = append(m.runs, 1)
	}
	return off
}

// finish makes the type and the prototype of b's frames.
func (m *memory) finish(b *body) {
	fields := []reflect.StructField{{Name: "H", Type: reflect.TypeFor[frame]()}}
	add := func(t reflect.Type) {
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(len(fields)), Type: t})
	}
	for _, p := range m.layout.params {
		add(p.typ)
	}
	for _, r := range m.layout.results {
		add(r.typ)
	}
	if len(m.fields) > 0 {
		// Registers start at a multiple of eight.
		add(reflect.TypeFor[[0]uint64]())
	}
	for i, t := range m.fields {
		if m.runs[i] > 1 {
			t = reflect.ArrayOf(m.runs[i], t)
		}
		add(t)
		if t.Align() < 8 || t.Size()%8 != 0 {
			add(reflect.TypeFor[[0]uint64]())
		}
	}
	rt := reflect.StructOf(fields)
	if rt.Size() < m.size {
		panic(fmt.Sprintf("a frame of %d bytes needs %d", rt.Size(), m.size))
	}
	b.typ = frameType{rt, rtype.New(rt)}
	(*frame)(b.typ.proto).body = b
	for _, set := range m.initial {
		set(b.typ.proto)
	}
}

// A constKey identifies a constant of a frame.
type constKey struct {
	k     class
	t     types.Type // of aggregates and interfaces
	text  string
	other any
}

// constant returns the register of a constant.
func (c *compiler) constant(v *ssa.Const) uintptr {
	k := classOf(v.Type())
	key := constKey{k: k}
	if v.Value == nil {
		if k == agg {
			key.t = v.Type()
		}
	} else {
		key.text = v.Value.ExactString()
		if v.Value.Kind() == constant.String {
			key.text = constant.StringVal(v.Value)
		}
	}
	if off, ok := c.consts[key]; ok {
		return off
	}
	off := c.memory.value(k, c.e.typ(v.Type()))
	c.consts[key] = off
	if v.Value != nil {
		c.memory.initial = append(c.memory.initial, setConstant(k, off, v.Value))
	}
	return off
}

func setConstant(k class, off uintptr, v constant.Value) func(pointer) {
	put := func(set func(p pointer)) func(pointer) { return func(proto pointer) { set(unsafe.Add(proto, off)) } }
	switch {
	case k == boolean:
		b := constant.BoolVal(v)
		return put(func(p pointer) { *(*bool)(p) = b })
	case k == str:
		if v.Kind() != constant.String { // string(rune)
			n, _ := constant.Int64Val(v)
			s := string(rune(n))
			return put(func(p pointer) { *(*string)(p) = s })
		}
		s := constant.StringVal(v)
		return put(func(p pointer) { *(*string)(p) = s })
	case k.integer() || k == ptr:
		bits := integerBits(v)
		switch k {
		case i8, u8:
			return put(func(p pointer) { *(*uint8)(p) = uint8(bits) })
		case i16, u16:
			return put(func(p pointer) { *(*uint16)(p) = uint16(bits) })
		case i32, u32:
			return put(func(p pointer) { *(*uint32)(p) = uint32(bits) })
		}
		return put(func(p pointer) { *(*uint64)(p) = bits })
	case k == f32:
		f, _ := constant.Float32Val(v)
		return put(func(p pointer) { *(*float32)(p) = f })
	case k == f64:
		f, _ := constant.Float64Val(v)
		return put(func(p pointer) { *(*float64)(p) = f })
	case k == c64:
		re, _ := constant.Float32Val(constant.Real(v))
		im, _ := constant.Float32Val(constant.Imag(v))
		return put(func(p pointer) { *(*complex64)(p) = complex(re, im) })
	case k == c128:
		re, _ := constant.Float64Val(constant.Real(v))
		im, _ := constant.Float64Val(constant.Imag(v))
		return put(func(p pointer) { *(*complex128)(p) = complex(re, im) })
	}
	panic(fmt.Sprintf("no register for constant %s", v))
}

func integerBits(v constant.Value) uint64 {
	v = constant.ToInt(v)
	if n, exact := constant.Int64Val(v); exact {
		return uint64(n)
	}
	n, _ := constant.Uint64Val(v)
	return n
}

// constantPointer returns the register of a pointer that never changes.
func (c *compiler) constantPointer(key any, p pointer) uintptr {
	k := constKey{k: ptr, other: key}
	off, ok := c.consts[k]
	if !ok {
		off = c.memory.value(ptr, nil)
		c.consts[k] = off
		c.memory.initial = append(c.memory.initial, func(proto pointer) { *(*pointer)(unsafe.Add(proto, off)) = p })
	}
	return off
}

// A tupleType is the struct that several results stand in.
type tupleType struct {
	typ     reflect.Type
	offsets []uintptr
}

func (c *compiler) tuple(t *types.Tuple) tupleType { return c.e.tuple(t) }

func (e *Engine) tuple(t *types.Tuple) tupleType {
	var tt tupleType
	fields := make([]reflect.StructField, t.Len())
	for i := range fields {
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: e.typ(t.At(i).Type())}
	}
	tt.typ = reflect.StructOf(fields)
	for i := range fields {
		tt.offsets = append(tt.offsets, tt.typ.Field(i).Offset)
	}
	return tt
}

// typedMove copies a value of type rt.
func typedMove(rt reflect.Type, dst, src pointer) { rtype.TypedMove(rt, dst, src) }
