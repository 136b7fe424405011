package rtype

import (
	"cmp"
	"go/types"
	"reflect"
	"slices"
	"sync/atomic"
	"unsafe"
)

// A receiverForm says how a method takes its receiver.
type receiverForm int

const (
	// wordReceiver is a receiver that is one pointer: *T, or a pointer-shaped T.
	wordReceiver receiverForm = iota
	// valueReceiver is any other T.
	valueReceiver
)

// A method is one entry of a method table.
type method struct {
	sel  *types.Selection
	name abiName
	// ifn and tfn are the numbers of the code that interfaces call, whose
	// receiver is the data word, and of that which reflect.Type.Method gives.
	ifn, tfn int32
	// slot is the slot that the entry alone uses, or -1; form is its receiver's.
	slot int
	form receiverForm
}

// A methodTable is sorted as the runtime has it.
type methodTable []method

// byMethodOrder is the order of method tables: exported ones first, by name,
// then the others, by name and package (cmd/compile/internal/types, Sym.Less).
func byMethodOrder(x, y types.Object) int {
	if x.Exported() != y.Exported() {
		if x.Exported() {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(x.Name(), y.Name()); c != 0 || x.Exported() {
		return c
	}
	return cmp.Compare(x.Pkg().Path(), y.Pkg().Path())
}

// interfaceMethods returns the methods of an interface in the runtime's order.
func interfaceMethods(typ *types.Interface) []*types.Func {
	methods := make([]*types.Func, 0, typ.NumMethods())
	for m := range typ.Methods() {
		methods = append(methods, m)
	}
	slices.SortFunc(methods, func(x, y *types.Func) int { return byMethodOrder(x, y) })
	return methods
}

// withoutReceiver returns the type of a method's values.
func withoutReceiver(sig *types.Signature) *types.Signature {
	return types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
}

// A slotKey identifies a method of which the versions of a type share a slot.
type slotKey struct {
	recv types.Type
	ptr  bool
	obj  types.Object
	form receiverForm
}

// methods returns the method table of typ, a type of package pkgPath or a
// pointer to one, with a slot for each method that needs one of its own. It
// lacks the methods for which there was no slot left.
func (b *builder) methods(typ types.Type, pkgPath string, form receiverForm) methodTable {
	set := types.NewMethodSet(typ)
	if types.IsInterface(typ) || set.Len() == 0 {
		return nil
	}
	sels := slices.Collect(set.Methods())
	slices.SortFunc(sels, func(x, y *types.Selection) int { return byMethodOrder(x.Obj(), y.Obj()) })
	table := make(methodTable, 0, len(sels))
	for _, sel := range sels {
		path := sel.Obj().Pkg()
		m := method{sel: sel, slot: -1, form: form}
		if path != nil && path.Path() != pkgPath {
			m.name = b.names.method(sel.Obj().Name(), path.Path())
		} else {
			m.name = b.names.method(sel.Obj().Name(), "")
		}
		// Only reflection calls a method with a value receiver by value, and it
		// sees exported methods.
		if form == wordReceiver || sel.Obj().Exported() {
			slot, ok := b.slotFor(typ, sel.Obj(), form)
			if !ok {
				b.exhausted.Store(true)
				continue
			}
			m.slot = slot
			m.tfn = addReflectOff(slotCodeAt(slot))
			m.ifn = m.tfn
		}
		table = append(table, m)
	}
	return table
}

// enterBy makes interfaces call the methods of a type that is not
// pointer-shaped by those of its pointer type.
func (t *methodTable) enterBy(pointer methodTable) {
	table := (*t)[:0]
	for _, m := range *t {
		i := slices.IndexFunc(pointer, func(p method) bool { return p.sel.Obj().Id() == m.sel.Obj().Id() })
		if i < 0 {
			continue // no slot was left
		}
		m.ifn = pointer[i].ifn
		if m.tfn == 0 {
			m.tfn = m.ifn
		}
		table = append(table, m)
	}
	*t = table
}

func (b *builder) slotFor(typ types.Type, obj types.Object, form receiverForm) (int, bool) {
	key := slotKey{recv: typ, obj: obj, form: form}
	if ptr, ok := typ.(*types.Pointer); ok {
		key.recv, key.ptr = ptr.Elem(), true
	}
	slot, ok := b.slots[key]
	if !ok {
		if slot, ok = takeSlot(b.slotLimit); ok {
			b.slots[key] = slot
		}
	}
	return slot, ok
}

// finishMethods fills in the types of the methods, and the slots that no other
// version of the type has filled.
func (b *builder) finishMethods(rec record, methods methodTable, use func(types.Type) reflect.Type) {
	if use == nil {
		use = b.of
	}
	for i, m := range methods {
		sig := m.sel.Type().(*types.Signature)
		ft := use(withoutReceiver(sig))
		rec.methods[i].Mtyp = addReflectOff(TypePointer(ft))
		if m.slot < 0 || atomic.LoadPointer(&slots[m.slot]) != nil {
			continue
		}
		if ft.NumIn()+ft.NumOut() == maxParams {
			fail(sig, "it has more than 128 parameters and results with its receiver")
		}
		recv := unsafePointer
		if m.form == valueReceiver {
			recv = FromPointer(unsafe.Pointer(rec.typ))
		}
		b.fill(&binding{types: b.Types, slot: m.slot, sel: m.sel, recv: recv, method: ft}, rec.shape)
	}
}
