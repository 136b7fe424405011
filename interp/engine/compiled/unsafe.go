package compiled

import (
	"go/token"
	"go/types"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// unsafeBuiltin compiles the functions of package unsafe. Those that give
// constants come here where a type parameter was.
func (c *compiler) unsafeBuiltin(name string, args []ssa.Value, dst uintptr) step {
	switch name {
	case "Add":
		p, n := c.reg(args[0]), c.intOperand(args[1])
		return func(fr *frame) { *at[pointer](fr, dst) = unsafe.Add(*at[pointer](fr, p), n.get(fr)) }
	case "Slice":
		p, n, size := c.reg(args[0]), c.intOperand(args[1]), c.e.typ(args[0].Type().Underlying().(*types.Pointer).Elem()).Size()
		return func(fr *frame) { *at[slice](fr, dst) = unsafeSlice(*at[pointer](fr, p), n.get(fr), size) }
	case "SliceData":
		s := c.reg(args[0])
		return func(fr *frame) { *at[pointer](fr, dst) = at[slice](fr, s).ptr }
	case "String":
		p, n := c.reg(args[0]), c.intOperand(args[1])
		return func(fr *frame) { *at[string](fr, dst) = unsafeString(*at[*byte](fr, p), n.get(fr)) }
	case "StringData":
		s := c.reg(args[0])
		return func(fr *frame) { *at[*byte](fr, dst) = unsafe.StringData(*at[string](fr, s)) }
	case "Sizeof":
		n := c.e.typ(args[0].Type()).Size()
		return func(fr *frame) { *at[uintptr](fr, dst) = n }
	case "Alignof":
		n := uintptr(c.e.typ(args[0].Type()).Align())
		if i, t, ok := c.fieldOf(args[0]); ok {
			n = uintptr(t.Field(i).Type.FieldAlign())
		}
		return func(fr *frame) { *at[uintptr](fr, dst) = n }
	case "Offsetof":
		i, t, ok := c.fieldOf(args[0])
		if !ok {
			break
		}
		n := t.Field(i).Offset
		return func(fr *frame) { *at[uintptr](fr, dst) = n }
	}
	panic("no such builtin: " + name)
}

// fieldOf returns the struct of which v is a field, and which field it is.
func (c *compiler) fieldOf(v ssa.Value) (index int, t reflect.Type, ok bool) {
	switch v := v.(type) {
	case *ssa.Field:
		return v.Field, c.e.typ(v.X.Type()), true
	case *ssa.UnOp:
		if a, isField := v.X.(*ssa.FieldAddr); isField && v.Op == token.MUL {
			return a.Field, c.e.typ(a.X.Type().Underlying().(*types.Pointer).Elem()), true
		}
	}
	return 0, nil, false
}

// unsafeString is unsafe.String. With the compiler's pointer checks, which race
// detection turns on, the panic for a length out of range would be fatal, in
// unsafe.Slice too.
//
//go:nocheckptr
func unsafeString(p *byte, n int) string { return unsafe.String(p, n) }

// unsafeSlice is unsafe.Slice(p, n) for elements of the given size, with its
// panics.
//
//go:nocheckptr
func unsafeSlice(p pointer, n int, size uintptr) slice {
	switch {
	case p == nil && n > 0:
		_ = unsafe.Slice((*struct{})(nil), n)
	case n < 0 || size > 0 && p != nil && uintptr(n) > -uintptr(p)/size:
		less := -1
		_ = unsafe.Slice((*struct{})(p), less)
	case p == nil:
		return slice{}
	}
	return slice{p, n, n}
}
