package compiled

import (
	"go/types"
	"reflect"
	"sync"
	"sync/atomic"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// Versions knows which runtime types are older versions of a type that has got
// methods since. Compiled packages see what an interface holds as it was; for
// the notebook's own code the versions are one type.
type versions struct {
	renewed atomic.Bool
	newest  sync.Map // old type word → reflect.Type
}

// newestOf returns the newest version of the type with this word, nil if that is
// the type itself.
func (e *Engine) newestOf(word pointer) reflect.Type {
	if rt, ok := e.versions.newest.Load(word); ok {
		newest, _ := rt.(reflect.Type)
		return newest
	}
	var newest reflect.Type
	old := rtype.FromPointer(word)
	if t := e.types.TypeOf(old); t != nil {
		if rt := e.types.Of(t); rt != old {
			newest = rt
		}
	}
	e.versions.newest.Store(word, newest)
	return newest
}

// renew makes new versions of types that have got methods. Functions that were
// compiled for the old ones are compiled again when they are called next.
func (e *Engine) renew(grown []*types.TypeName) {
	if len(grown) == 0 {
		return
	}
	for _, t := range grown {
		if named, ok := t.Type().(*types.Named); ok {
			e.types.Renew(named)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.versions.renewed.Store(true)
	e.versions.newest.Clear()
	e.tables.Lock()
	defer e.tables.Unlock()
	for _, f := range e.funcs {
		f.body.Store(nil)
	}
	for _, w := range e.owned {
		if f := w.Value(); f != nil {
			f.body.Store(nil)
		}
	}
}

// modern compiles an assertion such that it finds the newest version of what the
// interface holds. Only types of the notebook have several.
func (c *compiler) modern(i *ssa.TypeAssert, next step) step {
	if !types.IsInterface(i.AssertedType) && !mentionsOurs(i.AssertedType) {
		return next
	}
	modernise, renewed := c.moderniser(i.X), &c.e.versions.renewed
	return func(fr *frame) {
		if renewed.Load() {
			modernise(fr)
		}
		next(fr)
	}
}

// mentionsOurs reports whether t is a type that cells declare, or made of others.
func mentionsOurs(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return false
	case *types.Named:
		return ours(t.Obj()) || t.TypeArgs().Len() > 0
	case *types.Pointer:
		return mentionsOurs(t.Elem())
	}
	return true
}

func (c *compiler) moderniser(x ssa.Value) step {
	e, off := c.e, c.reg(x)
	inter := e.typ(x.Type())
	empty := isEmptyInterface(x.Type())
	return func(fr *frame) {
		v := at[iface](fr, off)
		if v.tab == nil {
			return
		}
		word := v.tab
		if !empty {
			word = itabType(v.tab)
		}
		newest := e.newestOf(word)
		if newest == nil {
			return
		}
		if tab := rtype.ItabOf(inter, newest); tab != nil {
			*v = iface{tab, v.data}
		}
	}
}
