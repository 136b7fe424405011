package rtype

import (
	"encoding/binary"
	"go/types"
	"hash/fnv"
	"reflect"
	"unsafe"
)

// build makes a type of our own: one that a cell declares, or a literal with
// methods. It is in the maps when build returns, and finished when make does.
func (b *builder) build(typ types.Type) reflect.Type {
	named, _ := typ.(*types.Named)
	shape := b.shape(typ.Underlying())
	var pkgPath string
	if named != nil {
		pkgPath = named.Obj().Pkg().Path()
	}

	// Values of a pointer-shaped type are passed to methods as they are; of
	// others their address is, just as to the methods of the pointer type.
	pointerMethods := b.methods(types.NewPointer(typ), pkgPath, wordReceiver)
	form := valueReceiver
	if PointerShaped(shape) {
		form = wordReceiver
	}
	valueMethods := b.methods(typ, pkgPath, form)
	if form == valueReceiver {
		valueMethods.enterBy(pointerMethods)
	}

	text := b.string(typ)
	rec := newRecord(typ.Underlying(), shape.Kind(), named != nil, valueMethods)
	rec.shape = shape
	rec.typ.header(shape)
	rec.typ.Hash = b.hash(text)
	rec.typ.Str = b.names.plain(text).off()
	if named != nil {
		rec.typ.TFlag |= flagNamed
	}
	if rec.uncommon != nil && pkgPath != "" {
		rec.uncommon.PkgPath = b.names.plain(pkgPath).off()
	}
	addReflectOff(unsafe.Pointer(rec.typ)) // interface values do not keep their types
	b.interim(rec, typ, shape)

	if len(pointerMethods) > 0 {
		ptr := newRecord(types.NewPointer(typ), reflect.Pointer, false, pointerMethods)
		ptr.typ.header(unsafePointer)
		ptr.typ.Hash = b.hash("*" + text)
		ptr.typ.Str = b.names.plain("*" + text).off()
		ptr.typ.Kind_ = uint8(reflect.Pointer)
		ptr.typ.TFlag |= flagRegularMemory
		ptr.typ.Equal = (*abiType)(TypePointer(unsafePointer)).Equal
		ptr.uncommon.PkgPath = rec.uncommonPath()
		(*abiElem)(unsafe.Pointer(ptr.typ)).Elem = rec.typ
		rec.typ.PtrToThis = addReflectOff(unsafe.Pointer(ptr.typ))
		b.unfinished = append(b.unfinished, func() { b.finishMethods(ptr, pointerMethods, nil) })
	}

	rt := FromPointer(unsafe.Pointer(rec.typ))
	b.deps[rt] = []reflect.Type{}
	b.enter(typ, rt, []reflect.Type{rt})
	b.unfinished = append(b.unfinished, func() { b.finish(rec, rt, typ, valueMethods) })
	return rt
}

// header copies from a type of the same layout what depends on the layout.
func (t *abiType) header(shape reflect.Type) {
	from := (*abiType)(TypePointer(shape))
	t.Size_, t.PtrBytes = from.Size_, from.PtrBytes
	t.Align_, t.FieldAlign_ = from.Align_, from.FieldAlign_
	t.GCData = from.GCData
	t.TFlag |= from.TFlag & (flagGCMaskOnDemand | flagDirectIface)
	t.Kind_ = from.Kind_
}

// hash returns a hash for a new type, which need not be like that of any other
// of the same name.
func (b *builder) hash(text string) uint32 {
	b.count++
	h := fnv.New32a()
	h.Write([]byte(text))
	h.Write(binary.NativeEndian.AppendUint32(nil, b.count))
	return h.Sum32()
}

// A record is the memory of a new type.
type record struct {
	typ      *abiType
	shape    reflect.Type
	uncommon *abiUncommon // nil for a literal without methods
	args     []*abiType   // of a func type: parameters and results
	methods  []abiMethod
}

// descriptors are the types that the descriptors of each kind have.
var descriptors = map[reflect.Kind]reflect.Type{
	reflect.Array:     reflect.TypeFor[abiArray](),
	reflect.Chan:      reflect.TypeFor[abiChan](),
	reflect.Func:      reflect.TypeFor[abiFunc](),
	reflect.Interface: reflect.TypeFor[abiInterface](),
	reflect.Map:       reflect.TypeFor[abiMap](),
	reflect.Pointer:   reflect.TypeFor[abiElem](),
	reflect.Slice:     reflect.TypeFor[abiElem](),
	reflect.Struct:    reflect.TypeFor[abiStruct](),
}

// newRecord allocates a type in one object, its parts in the order that the
// runtime finds them in.
func newRecord(underlying types.Type, kind reflect.Kind, named bool, methods methodTable) record {
	kind = kindOf(underlying, kind)
	descriptor, ok := descriptors[kind]
	if !ok {
		descriptor = reflect.TypeFor[abiType]()
	}
	nargs := 0
	if sig, ok := underlying.(*types.Signature); ok {
		nargs = sig.Params().Len() + sig.Results().Len()
	}
	parts := []reflect.StructField{{Name: "Descriptor", Type: descriptor}}
	uncommon := named || len(methods) > 0
	if uncommon {
		parts = append(parts, reflect.StructField{Name: "Uncommon", Type: reflect.TypeFor[abiUncommon]()})
	}
	if nargs > 0 {
		parts = append(parts, reflect.StructField{Name: "Args", Type: reflect.ArrayOf(nargs, reflect.TypeFor[*abiType]())})
	}
	if len(methods) > 0 {
		parts = append(parts, reflect.StructField{Name: "Methods", Type: reflect.ArrayOf(len(methods), reflect.TypeFor[abiMethod]())})
	}
	layout := reflect.StructOf(parts)
	memory := New(layout)
	part := func(name string) unsafe.Pointer {
		f, ok := layout.FieldByName(name)
		if !ok {
			return nil
		}
		return unsafe.Add(memory, f.Offset)
	}
	rec := record{typ: (*abiType)(memory), uncommon: (*abiUncommon)(part("Uncommon"))}
	if nargs > 0 {
		rec.args = unsafe.Slice((**abiType)(part("Args")), nargs)
	}
	if uncommon {
		rec.typ.TFlag |= flagUncommon
		rec.uncommon.Moff = uint32(reflect.TypeFor[abiUncommon]().Size())
	}
	if len(methods) > 0 {
		rec.methods = unsafe.Slice((*abiMethod)(part("Methods")), len(methods))
		rec.uncommon.Moff = uint32(uintptr(part("Methods")) - uintptr(part("Uncommon")))
		rec.uncommon.Mcount = uint16(len(methods))
		for i, m := range methods {
			if m.sel.Obj().Exported() {
				rec.uncommon.Xcount++
			}
			rec.methods[i] = abiMethod{Name: m.name.off(), Ifn: m.ifn, Tfn: m.tfn}
		}
	}
	return rec
}

// kindOf returns the kind of a type, whose shape has another where values are
// references.
func kindOf(underlying types.Type, shape reflect.Kind) reflect.Kind {
	switch underlying.(type) {
	case *types.Pointer:
		return reflect.Pointer
	case *types.Map:
		return reflect.Map
	case *types.Chan:
		return reflect.Chan
	case *types.Signature:
		return reflect.Func
	}
	return shape
}

func (r record) uncommonPath() int32 {
	if r.uncommon == nil {
		return 0
	}
	return r.uncommon.PkgPath
}

// interim gives a type its equality, and its shape's components for its own.
func (b *builder) interim(rec record, typ types.Type, shape reflect.Type) {
	rec.typ.Kind_ = uint8(kindOf(typ.Underlying(), shape.Kind()))
	from := (*abiType)(TypePointer(shape))
	switch under := typ.Underlying().(type) {
	case *types.Struct:
		to := (*abiStruct)(unsafe.Pointer(rec.typ))
		to.Fields = make([]abiField, under.NumFields())
		for i := range to.Fields {
			f := under.Field(i)
			to.Fields[i] = abiField{
				Name:   b.names.field(f.Name(), under.Tag(i), f.Embedded()),
				Typ:    (*abiStruct)(unsafe.Pointer(from)).Fields[i].Typ,
				Offset: (*abiStruct)(unsafe.Pointer(from)).Fields[i].Offset,
			}
			if !f.Exported() && to.PkgPath.Bytes == nil {
				to.PkgPath = b.names.plain(f.Pkg().Path())
			}
		}
	case *types.Array:
		to := (*abiArray)(unsafe.Pointer(rec.typ))
		to.Elem, to.Len = (*abiArray)(unsafe.Pointer(from)).Elem, (*abiArray)(unsafe.Pointer(from)).Len
	case *types.Interface:
		if under.NumMethods() > 0 {
			from = (*abiType)(TypePointer(errorType))
		}
	}
	if types.Comparable(typ.Underlying()) {
		if isRegularMemory(rec.typ) {
			rec.typ.TFlag |= flagRegularMemory
		}
		rec.typ.Equal = equality(rec.typ, from)
	}
}

// finish fills in the components of a type.
func (b *builder) finish(rec record, rt reflect.Type, typ types.Type, methods methodTable) {
	deps := []reflect.Type{}
	use := func(typ types.Type) reflect.Type {
		rt := b.of(typ)
		deps = append(deps, rt)
		return rt
	}
	word := func(typ types.Type) *abiType { return (*abiType)(TypePointer(use(typ))) }
	at := unsafe.Pointer(rec.typ)
	switch under := typ.Underlying().(type) {
	case *types.Pointer:
		(*abiElem)(at).Elem = word(under.Elem())
	case *types.Slice:
		(*abiElem)(at).Elem = word(under.Elem())
	case *types.Chan:
		if use(under.Elem()).Size() >= 1<<16 {
			fail(under, "its elements are larger than 64 kB")
		}
		(*abiChan)(at).Elem, (*abiChan)(at).Dir = word(under.Elem()), int(chanDir(under))
	case *types.Array:
		(*abiArray)(at).Elem, (*abiArray)(at).Slice = word(under.Elem()), word(types.NewSlice(under.Elem()))
	case *types.Map:
		header := *rec.typ
		*(*abiMap)(at) = *(*abiMap)(TypePointer(use(under)))
		*rec.typ = header
	case *types.Struct:
		for i := range under.NumFields() {
			(*abiStruct)(at).Fields[i].Typ = word(under.Field(i).Type())
		}
	case *types.Signature:
		fn := (*abiFunc)(at)
		fn.InCount, fn.OutCount = uint16(under.Params().Len()), uint16(under.Results().Len())
		if under.Variadic() {
			fn.OutCount |= variadicOut
		}
		for i, typ := range append(each(under.Params(), use), each(under.Results(), use)...) {
			rec.args[i] = (*abiType)(TypePointer(typ))
		}
	case *types.Interface:
		b.finishInterface((*abiInterface)(at), typ, under, use)
	}
	b.finishMethods(rec, methods, use)
	if named, ok := typ.(*types.Named); ok {
		for arg := range named.TypeArgs().Types() {
			use(arg)
		}
	}
	b.deps[rt] = deps
}

func (b *builder) finishInterface(it *abiInterface, typ types.Type, under *types.Interface, use func(types.Type) reflect.Type) {
	if !under.IsMethodSet() {
		fail(typ, "it is a constraint")
	}
	if named, ok := typ.(*types.Named); ok {
		it.PkgPath = b.names.plain(named.Obj().Pkg().Path())
	}
	methods := interfaceMethods(under)
	list := make([]abiImethod, len(methods))
	for i, m := range methods {
		if it.PkgPath.Bytes == nil && !m.Exported() {
			it.PkgPath = b.names.plain(m.Pkg().Path())
		}
		list[i] = abiImethod{
			Name: b.names.method(m.Name(), m.Pkg().Path()).off(),
			Typ:  addReflectOff(TypePointer(use(withoutReceiver(m.Signature())))),
		}
	}
	it.Methods = list
}
