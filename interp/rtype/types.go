package rtype

import (
	"fmt"
	"go/types"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/tools/go/types/typeutil"
)

// Types maps checked types to runtime types, for one session. It is safe for
// concurrent use. What it makes is never freed, and outlives it.
type Types struct {
	compiled func(*types.TypeName) reflect.Type
	bind     Bind

	exhausted atomic.Bool
	// back is the type of each runtime type that was made here.
	back sync.Map // reflect.Type → types.Type
	// instances are the compiled instances of generic types that were asked for.
	instances sync.Map // reflect.Type → *types.Named

	mu      sync.RWMutex
	forward typeutil.Map // types.Type → reflect.Type
	builder builder
}

// Bind returns the func value, as it stands in a variable of the func type ft,
// that calls the method of sel with the receiver as its first argument.
//
// sel is of a method set of types.NewMethodSet, so its object may be promoted
// through embedded fields. Where the receiver is one pointer word, because
// sel.Recv is a pointer or because it is pointer-shaped (see PointerShaped), the
// first parameter of ft is an unsafe.Pointer, which is passed as such a
// receiver is; otherwise it is the receiver's type. ft is never variadic: the
// parameter behind the dots is a slice. Its types are those of the version of
// the type for which the method got its slot (see Renew).
//
// It is called when the method is first called through a method table, not
// before, outside of all locks of Types; and perhaps by two goroutines for one
// method, of which one result is kept. A nil result makes the call panic.
type Bind func(sel *types.Selection, ft reflect.Type) unsafe.Pointer

// NewTypes returns the types of a new session. compiled returns the runtime type of
// a type that a compiled package declares at its top level, or nil where it
// knows none; it must not call Types.
func NewTypes(compiled func(*types.TypeName) reflect.Type, bind Bind) *Types {
	t := &Types{compiled: compiled, bind: bind}
	t.builder = builder{
		Types:  t,
		deps:   map[reflect.Type][]reflect.Type{},
		slots:  map[slotKey]int{},
		locals: map[*types.TypeName]int{},

		program:   typesByString,
		slotLimit: slotCount,
	}
	return t
}

// Of is Make for a type that is known to have a runtime type. It returns nil
// otherwise.
func (t *Types) Of(typ types.Type) reflect.Type {
	rt, _ := t.Make(typ)
	return rt
}

// Make returns the runtime type of a checked type: the same for identical
// types. A type that a compiled package declares is that package's, and a type
// literal of such types is the one that compiled code has; a type declared in
// a cell, and a literal that mentions one, is made when it is first asked for.
// The untyped types of constants are taken for their default types.
//
// The error names what has no runtime type: type parameters, constraints,
// tuples, channels of elements of 64 kB, types larger than the address space.
func (t *Types) Make(typ types.Type) (reflect.Type, error) {
	t.mu.RLock()
	rt, ok := t.forward.At(typ).(reflect.Type)
	t.mu.RUnlock()
	if ok {
		return rt, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.builder.make(typ)
}

// TypeOf returns the checked type of a runtime type that was made here, in any
// of its versions (see Renew), or of a pointer, slice, array, map or channel of
// such types. It returns nil for compiled types.
func (t *Types) TypeOf(rt reflect.Type) types.Type {
	if typ, ok := t.back.Load(rt); ok {
		return typ.(types.Type)
	}
	if rt == nil || rt.Name() != "" {
		return nil
	}
	switch kind := rt.Kind(); kind {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		elem := t.TypeOf(rt.Elem())
		if elem == nil {
			return nil
		}
		switch kind {
		case reflect.Pointer:
			return types.NewPointer(elem)
		case reflect.Slice:
			return types.NewSlice(elem)
		case reflect.Array:
			return types.NewArray(elem, int64(rt.Len()))
		default:
			return types.NewChan(map[reflect.ChanDir]types.ChanDir{
				reflect.BothDir: types.SendRecv, reflect.SendDir: types.SendOnly, reflect.RecvDir: types.RecvOnly,
			}[rt.ChanDir()], elem)
		}
	}
	return nil
}

// InstanceOf returns the instance of a generic type whose runtime type is rt, if
// it was asked for, made here or compiled; nil for other types.
func (t *Types) InstanceOf(rt reflect.Type) *types.Named {
	typ, ok := t.instances.Load(rt)
	if !ok {
		typ, _ = t.back.Load(rt)
	}
	named, ok := typ.(*types.Named)
	if !ok || named.TypeArgs().Len() == 0 {
		return nil
	}
	return named
}

// Renew makes a new version of a type whose method set has grown. From now on
// the new version, of the same layout, is the runtime type of named, and every
// type that mentions named has a new version likewise when it is next asked
// for. Versions that exist stay as they are, their method tables too; TypeOf
// maps them to the same checked types, so Of(TypeOf(rt)) is the newest version
// of rt. Methods share their slots among versions.
func (t *Types) Renew(named *types.Named) reflect.Type {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rt, ok := t.forward.At(named).(reflect.Type); ok {
		t.builder.retire(rt)
	}
	rt, _ := t.builder.make(named)
	return rt
}

// Exhausted reports whether some type was made without some of its methods,
// because the slots of the process have run out. Those methods work in the
// notebook's own code, and do not exist for compiled code.
func (t *Types) Exhausted() bool { return t.exhausted.Load() }

// A typeError says why a type has no runtime type.
type typeError struct {
	typ    types.Type
	reason string
}

func (e *typeError) Error() string {
	return fmt.Sprintf("%s has no runtime type: %s", types.TypeString(e.typ, (*types.Package).Name), e.reason)
}

// fail ends a make with an error.
func fail(typ types.Type, reason string) { panic(&typeError{typ, reason}) }
