package main

import (
	"bytes"
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// A file is the generated Go file of one package: it keeps the names under
// which other packages are imported.
type file struct {
	home  *types.Package
	names map[string]string // import path → name in this file
}

func newFile(home *types.Package) *file {
	return &file{home: home, names: make(map[string]string)}
}

// importName makes the file import path and returns the name to write. Two
// packages of one name get different ones.
func (f *file) importName(path, name string) string {
	if have, ok := f.names[path]; ok {
		return have
	}
	for _, used := range f.names {
		if used == name {
			name = identifier(path)
			break
		}
	}
	f.names[path] = name
	return name
}

// ref is how the file writes an exported object of its package.
func (f *file) ref(obj types.Object) string {
	return f.importName(f.home.Path(), f.home.Name()) + "." + obj.Name()
}

// imports is the import declaration. A package of which the file uses nothing
// is linked all the same, for what it does when it is initialised.
func (f *file) imports(p *types.Package) string {
	if _, ok := f.names[p.Path()]; !ok {
		f.names[p.Path()] = "_"
	}
	var specs []string
	for path, name := range f.names {
		specs = append(specs, fmt.Sprintf("%s %q\n", name, path))
	}
	slices.SortFunc(specs, func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, '"'):], b[strings.IndexByte(b, '"'):])
	})
	return "import (\n" + strings.Join(specs, "") + ")\n\n"
}

// wrapper writes a struct type of functions that implements iface, in the form
// that yaegi expects (its extract package): IValue, the value wrapped, comes
// first, and the method M calls the field WM. It writes nothing and returns
// false when no type outside iface's package could implement it, or when a
// method's type cannot be written here.
func (f *file) wrapper(b *bytes.Buffer, name string, iface *types.Interface) bool {
	methods := slices.Collect(iface.Methods())
	for _, m := range methods {
		if !m.Exported() || !writable(m.Signature()) {
			return false
		}
	}
	slices.SortFunc(methods, func(x, y *types.Func) int { return strings.Compare(x.Name(), y.Name()) })

	fmt.Fprintf(b, "type %s struct {\nIValue any\n", name)
	for _, m := range methods {
		_, signature := f.signature(m.Signature())
		fmt.Fprintf(b, "W%s func%s\n", m.Name(), signature)
	}
	b.WriteString("}\n\n")
	for _, m := range methods {
		args, signature := f.signature(m.Signature())
		fmt.Fprintf(b, "func (w %s) %s%s {\n", name, m.Name(), signature)
		if m.Name() == "String" && m.Signature().Params().Len() == 0 {
			// fmt may print a wrapper whose type has no String method.
			b.WriteString("if w.WString == nil { return \"\" }\n")
		}
		if m.Signature().Results().Len() > 0 {
			b.WriteString("return ")
		}
		fmt.Fprintf(b, "w.W%s(%s)\n}\n\n", m.Name(), args)
	}
	return true
}

// signature writes parameters, named a0, a1 and so on, and results as they
// stand after func or a method's name, and the arguments that pass them on.
func (f *file) signature(s *types.Signature) (args, signature string) {
	var params, names, results []string
	for i := range s.Params().Len() {
		name, typ := fmt.Sprintf("a%d", i), s.Params().At(i).Type()
		text := f.typeText(typ)
		pass := name
		if s.Variadic() && i == s.Params().Len()-1 {
			text = "..." + f.typeText(typ.(*types.Slice).Elem())
			pass += "..."
		}
		params = append(params, name+" "+text)
		names = append(names, pass)
	}
	for v := range s.Results().Variables() {
		results = append(results, f.typeText(v.Type()))
	}
	return strings.Join(names, ", "), "(" + strings.Join(params, ", ") + ") (" + strings.Join(results, ", ") + ")"
}

func (f *file) typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return f.importName(p.Path(), p.Name()) })
}

// writable reports whether a file outside t's package can spell t: every type
// it names is exported by a package that may be imported.
func writable(t types.Type) bool {
	switch t := t.(type) {
	case *types.Alias:
		return spellable(t.Obj(), t.TypeArgs())
	case *types.Named:
		return spellable(t.Obj(), t.TypeArgs())
	case *types.Pointer:
		return writable(t.Elem())
	case *types.Slice:
		return writable(t.Elem())
	case *types.Array:
		return writable(t.Elem())
	case *types.Chan:
		return writable(t.Elem())
	case *types.Map:
		return writable(t.Key()) && writable(t.Elem())
	case *types.Signature:
		return writable(t.Params()) && writable(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if !writable(v.Type()) {
				return false
			}
		}
	case *types.Struct:
		for v := range t.Fields() {
			if !v.Exported() || !writable(v.Type()) {
				return false
			}
		}
	case *types.Interface:
		for m := range t.Methods() {
			if !m.Exported() || !writable(m.Signature()) {
				return false
			}
		}
	}
	return true
}

func spellable(obj *types.TypeName, args *types.TypeList) bool {
	for t := range args.Types() {
		if !writable(t) {
			return false
		}
	}
	return obj.Pkg() == nil || obj.Exported() && isPublic(obj.Pkg().Path())
}
