package main

import "go/types"

// A mention is the set of named types that declarations mention, however deep.
type mention struct {
	names map[*types.TypeName]bool
	seen  map[types.Type]bool
}

// mentioned returns the types that the exported declarations of scope mention,
// other than generic ones.
func mentioned(scope *types.Scope) map[*types.TypeName]bool {
	m := &mention{names: make(map[*types.TypeName]bool), seen: make(map[types.Type]bool)}
	for _, name := range scope.Names() {
		if obj := scope.Lookup(name); obj.Exported() && !isGenericObject(obj) {
			m.add(obj.Type())
		}
	}
	return m.names
}

func (m *mention) add(t types.Type) {
	if t == nil || m.seen[t] {
		return
	}
	m.seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		m.names[t.Obj()] = true
		m.add(t.Rhs())
	case *types.Named:
		m.names[t.Origin().Obj()] = true
		for arg := range t.TypeArgs().Types() {
			m.add(arg)
		}
		m.add(t.Underlying())
		for method := range t.Methods() {
			m.add(method.Type())
		}
	case interface{ Elem() types.Type }: // pointer, slice, array, channel, map
		m.add(t.Elem())
		if t, ok := t.(*types.Map); ok {
			m.add(t.Key())
		}
	case *types.Tuple:
		for v := range t.Variables() {
			m.add(v.Type())
		}
	case *types.Signature:
		m.add(t.Params())
		m.add(t.Results())
	case *types.Struct:
		for v := range t.Fields() {
			m.add(v.Type())
		}
	case *types.Interface:
		for method := range t.ExplicitMethods() {
			m.add(method.Type())
		}
		for embedded := range t.EmbeddedTypes() {
			m.add(embedded)
		}
	case *types.Union:
		for term := range t.Terms() {
			m.add(term.Type())
		}
	}
}
