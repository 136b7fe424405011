package rtype

import (
	"go/types"
	"reflect"
	"slices"
)

// A builder makes types, under the lock of its Types.
//
// A named type is made in two steps, so that types may be recursive in any way.
// First it gets what others need in order to refer to it or to contain it:
// identity, name, size, mask, equality; its layout comes from a shape, a
// reflect type of equal layout that mentions no pointed-to type (shape.go). For
// a struct or an array the shape's fields stand in for its own meanwhile,
// because reflection looks at them when it makes masks and maps. Then, when
// every type that the first step met is there, its components are filled in.
type builder struct {
	*Types
	names nameTable
	// program finds the types of the program by their text, see find.go.
	program func(text string) []*abiType
	// deps are the types that a type made here is made of.
	deps   map[reflect.Type][]reflect.Type
	slots  map[slotKey]int
	locals map[*types.TypeName]int
	// slotLimit is the number of slots that may be taken.
	slotLimit int
	count     uint32

	// The rest is of the current make.

	// unfinished are the second steps that are due.
	unfinished []func()
	// added are the types entered into forward, to be taken out on failure, and
	// filled the slots that got a func, which is of such a type.
	added  []types.Type
	filled []int
}

func (b *builder) make(typ types.Type) (rt reflect.Type, err error) {
	defer func() {
		if r := recover(); r != nil {
			reason, ok := r.(*typeError)
			if !ok {
				panic(r)
			}
			for _, typ := range b.added {
				if rt, ok := b.forward.At(typ).(reflect.Type); ok {
					b.back.Delete(rt)
					delete(b.deps, rt)
				}
				b.forward.Delete(typ)
			}
			for _, slot := range b.filled {
				empty(slot)
			}
			rt, err = nil, reason
		}
		b.unfinished, b.added, b.filled = nil, nil, nil
	}()
	rt = b.of(typ)
	for len(b.unfinished) > 0 {
		finish := b.unfinished[0]
		b.unfinished = b.unfinished[1:]
		finish()
	}
	return rt, nil
}

// of returns the runtime type of typ, perhaps an unfinished one.
func (b *builder) of(typ types.Type) reflect.Type {
	typ = types.Unalias(typ)
	if rt, ok := b.forward.At(typ).(reflect.Type); ok {
		return rt
	}
	var rt reflect.Type
	var deps []reflect.Type
	use := func(typ types.Type) reflect.Type {
		rt := b.of(typ)
		deps = append(deps, rt)
		return rt
	}
	switch typ := typ.(type) {
	case *types.Basic:
		rt = b.basic(typ)
	case *types.Named:
		return b.named(typ)
	case *types.Pointer:
		rt = reflect.PointerTo(use(typ.Elem()))
	case *types.Slice:
		rt = reflect.SliceOf(use(typ.Elem()))
	case *types.Array:
		rt = b.array(typ, use(typ.Elem()))
	case *types.Map:
		rt = reflect.MapOf(use(typ.Key()), use(typ.Elem()))
	case *types.Chan:
		rt = b.channel(typ, use(typ.Elem()))
	case *types.Signature:
		rt = b.function(typ, use)
	case *types.Struct:
		return b.structure(typ)
	case *types.Interface:
		if !typ.IsMethodSet() {
			fail(typ, "it is a constraint")
		}
		if typ.NumMethods() > 0 {
			return b.build(typ)
		}
		rt = reflect.TypeFor[any]()
	case *types.TypeParam:
		fail(typ, "it is a type parameter")
	case *types.Tuple:
		fail(typ, "it is several values")
	default:
		fail(typ, "it stands for several types")
	}
	b.enter(typ, rt, deps)
	return rt
}

// enter records the runtime type of typ, made of deps.
func (b *builder) enter(typ types.Type, rt reflect.Type, deps []reflect.Type) {
	b.forward.Set(typ, rt)
	b.added = append(b.added, typ)
	if slices.ContainsFunc(deps, b.made) {
		b.back.Store(rt, typ)
		b.deps[rt] = deps
	}
}

// made reports whether the type is one of ours or mentions one.
func (b *builder) made(rt reflect.Type) bool { return b.deps[rt] != nil }

// retire forgets the type and all that mention it, for those who ask from now
// on.
func (b *builder) retire(rt reflect.Type) {
	users := map[reflect.Type][]reflect.Type{}
	for user, deps := range b.deps {
		for _, dep := range deps {
			users[dep] = append(users[dep], user)
		}
	}
	old := map[reflect.Type]bool{rt: true}
	for queue := []reflect.Type{rt}; len(queue) > 0; queue = queue[1:] {
		for _, user := range users[queue[0]] {
			if !old[user] {
				old[user] = true
				queue = append(queue, user)
			}
		}
	}
	for rt := range old {
		if typ, ok := b.back.Load(rt); ok && b.forward.At(typ.(types.Type)) == any(rt) {
			b.forward.Delete(typ.(types.Type))
		}
		delete(b.deps, rt)
	}
}

var basicTypes = [...]reflect.Type{
	types.Bool:          reflect.TypeFor[bool](),
	types.Int:           reflect.TypeFor[int](),
	types.Int8:          reflect.TypeFor[int8](),
	types.Int16:         reflect.TypeFor[int16](),
	types.Int32:         reflect.TypeFor[int32](),
	types.Int64:         reflect.TypeFor[int64](),
	types.Uint:          reflect.TypeFor[uint](),
	types.Uint8:         reflect.TypeFor[uint8](),
	types.Uint16:        reflect.TypeFor[uint16](),
	types.Uint32:        reflect.TypeFor[uint32](),
	types.Uint64:        reflect.TypeFor[uint64](),
	types.Uintptr:       reflect.TypeFor[uintptr](),
	types.Float32:       reflect.TypeFor[float32](),
	types.Float64:       reflect.TypeFor[float64](),
	types.Complex64:     reflect.TypeFor[complex64](),
	types.Complex128:    reflect.TypeFor[complex128](),
	types.String:        reflect.TypeFor[string](),
	types.UnsafePointer: unsafePointer,
}

func (b *builder) basic(typ *types.Basic) reflect.Type {
	kind := types.Default(typ).(*types.Basic).Kind()
	if int(kind) >= len(basicTypes) || basicTypes[kind] == nil {
		fail(typ, "no value has this type")
	}
	return basicTypes[kind]
}

func (b *builder) array(typ *types.Array, elem reflect.Type) reflect.Type {
	if n := typ.Len(); n < 0 || elem.Size() > 0 && uint64(n) > maxSize/uint64(elem.Size()) {
		fail(typ, "it is larger than the address space")
	}
	return reflect.ArrayOf(int(typ.Len()), elem)
}

// maxSize is the size of the largest type, as the compiler has it for 64-bit
// machines (cmd/compile/internal/types, MaxWidth).
const maxSize = 1 << 50

func (b *builder) channel(typ *types.Chan, elem reflect.Type) reflect.Type {
	if elem.Size() >= 1<<16 {
		fail(typ, "its elements are larger than 64 kB")
	}
	return reflect.ChanOf(chanDir(typ), elem)
}

func chanDir(typ *types.Chan) reflect.ChanDir {
	switch typ.Dir() {
	case types.SendOnly:
		return reflect.SendDir
	case types.RecvOnly:
		return reflect.RecvDir
	}
	return reflect.BothDir
}

func (b *builder) function(sig *types.Signature, use func(types.Type) reflect.Type) reflect.Type {
	if sig.TypeParams().Len() > 0 {
		fail(sig, "it has type parameters")
	}
	in, out := each(sig.Params(), use), each(sig.Results(), use)
	if len(in)+len(out) > maxParams {
		fail(sig, "it has more than 128 parameters and results")
	}
	return reflect.FuncOf(in, out, sig.Variadic())
}

// maxParams is reflect.FuncOf's.
const maxParams = 128

func each(tuple *types.Tuple, use func(types.Type) reflect.Type) []reflect.Type {
	list := make([]reflect.Type, tuple.Len())
	for i := range list {
		list[i] = use(tuple.At(i).Type())
	}
	return list
}

func (b *builder) named(typ *types.Named) reflect.Type {
	obj := typ.Obj()
	if obj.Pkg() == nil {
		if obj.Name() != "error" {
			fail(typ, "it is a constraint")
		}
		b.enter(typ, errorType, nil)
		return errorType
	}
	if typ.TypeParams().Len() > typ.TypeArgs().Len() {
		fail(typ, "it is generic")
	}
	if rt := b.known(typ); rt != nil {
		b.enter(typ, rt, nil)
		if typ.TypeArgs().Len() > 0 {
			b.instances.Store(rt, typ)
		}
		return rt
	}
	return b.build(typ)
}

// structure makes the type of a struct literal. reflect.StructOf does, unless
// there are embedded fields, whose methods it would not promote, or blank ones,
// which it would compare.
func (b *builder) structure(typ *types.Struct) reflect.Type {
	fields := make([]reflect.StructField, typ.NumFields())
	deps := make([]reflect.Type, typ.NumFields())
	plain := true
	for i := range fields {
		f := typ.Field(i)
		deps[i] = b.of(f.Type())
		fields[i] = reflect.StructField{Name: f.Name(), Type: deps[i], Tag: reflect.StructTag(typ.Tag(i)), Anonymous: f.Embedded()}
		if !f.Exported() {
			fields[i].PkgPath = f.Pkg().Path()
		}
		plain = plain && !f.Embedded() && f.Name() != "_"
	}
	var rt reflect.Type
	if plain {
		rt = reflect.StructOf(fields)
	} else if !slices.ContainsFunc(deps, b.made) {
		rt = b.findStruct(b.string(typ), fields)
	}
	if rt == nil {
		return b.build(typ)
	}
	b.enter(typ, rt, deps)
	return rt
}

// string returns what reflect.Type.String returns for the type.
func (b *builder) string(typ types.Type) string {
	w := typeWriter{local: func(obj *types.TypeName) int {
		if b.locals[obj] == 0 {
			b.locals[obj] = len(b.locals) + 1
		}
		return b.locals[obj]
	}}
	w.typ(typ)
	return w.String()
}
