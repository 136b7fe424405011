package rtype

import (
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// A typeWriter writes types as reflect.Type.String does, and type arguments as
// the compiler's link names have them: with import paths, and numbers behind
// local types.
type typeWriter struct {
	strings.Builder
	// local numbers a type that is declared inside a function.
	local func(*types.TypeName) int
	// link is set within type arguments.
	link bool
}

func (w *typeWriter) pkg(pkg *types.Package) {
	if w.link {
		w.WriteString(pkg.Path())
	} else {
		w.WriteString(pkg.Name())
	}
	w.WriteByte('.')
}

func (w *typeWriter) typ(typ types.Type) {
	switch typ := types.Unalias(typ).(type) {
	case *types.Basic:
		switch typ.Kind() {
		case types.Byte: // an alias that has a name of its own in go/types
			w.WriteString("uint8")
		case types.Rune:
			w.WriteString("int32")
		case types.UnsafePointer:
			w.WriteString("unsafe.Pointer")
		default:
			w.WriteString(types.Default(typ).String())
		}
	case *types.Named:
		w.named(typ)
	case *types.Pointer:
		w.WriteByte('*')
		w.typ(typ.Elem())
	case *types.Slice:
		w.WriteString("[]")
		w.typ(typ.Elem())
	case *types.Array:
		w.WriteString("[" + strconv.FormatInt(typ.Len(), 10) + "]")
		w.typ(typ.Elem())
	case *types.Map:
		w.WriteString("map[")
		w.typ(typ.Key())
		w.WriteByte(']')
		w.typ(typ.Elem())
	case *types.Chan:
		w.channel(typ)
	case *types.Signature:
		w.WriteString("func")
		w.signature(typ)
	case *types.Struct:
		w.structure(typ)
	case *types.Interface:
		w.iface(typ)
	default:
		fail(typ, "it stands for several types")
	}
}

func (w *typeWriter) named(typ *types.Named) {
	obj := typ.Obj()
	if obj.Pkg() != nil {
		w.pkg(obj.Pkg())
	}
	w.WriteString(obj.Name())
	if args := typ.TypeArgs(); args.Len() > 0 {
		link := w.link
		w.link = true
		w.WriteByte('[')
		for i := range args.Len() {
			if i > 0 {
				w.WriteByte(',')
			}
			w.typ(args.At(i))
		}
		w.WriteByte(']')
		w.link = link
	}
	if w.link && isLocal(obj) {
		w.WriteString("·" + strconv.Itoa(w.local(obj)))
	}
}

// isLocal reports whether a type is declared inside a function.
func isLocal(obj *types.TypeName) bool { return obj.Pkg() != nil && obj.Parent() != obj.Pkg().Scope() }

func (w *typeWriter) channel(typ *types.Chan) {
	switch typ.Dir() {
	case types.SendOnly:
		w.WriteString("chan<- ")
	case types.RecvOnly:
		w.WriteString("<-chan ")
	default:
		w.WriteString("chan ")
		if elem, ok := types.Unalias(typ.Elem()).(*types.Chan); ok && elem.Dir() == types.RecvOnly {
			w.WriteByte('(')
			w.typ(elem)
			w.WriteByte(')')
			return
		}
	}
	w.typ(typ.Elem())
}

// signature writes parameters and results, without names.
func (w *typeWriter) signature(sig *types.Signature) {
	w.WriteByte('(')
	for i := range sig.Params().Len() {
		if i > 0 {
			w.WriteString(", ")
		}
		typ := sig.Params().At(i).Type()
		if sig.Variadic() && i == sig.Params().Len()-1 {
			w.WriteString("...")
			if slice, ok := typ.Underlying().(*types.Slice); ok {
				typ = slice.Elem()
			}
		}
		w.typ(typ)
	}
	w.WriteByte(')')
	switch results := sig.Results(); results.Len() {
	case 0:
	case 1:
		w.WriteByte(' ')
		w.typ(results.At(0).Type())
	default:
		w.WriteString(" (")
		for i := range results.Len() {
			if i > 0 {
				w.WriteString(", ")
			}
			w.typ(results.At(i).Type())
		}
		w.WriteByte(')')
	}
}

func (w *typeWriter) structure(typ *types.Struct) {
	w.WriteString("struct {")
	for i := range typ.NumFields() {
		if i > 0 {
			w.WriteByte(';')
		}
		w.WriteByte(' ')
		if f := typ.Field(i); !f.Embedded() {
			if w.link && !f.Exported() && f.Name() != "_" {
				w.pkg(f.Pkg())
			}
			w.WriteString(f.Name() + " ")
		}
		w.typ(typ.Field(i).Type())
		if tag := typ.Tag(i); tag != "" {
			w.WriteString(" " + strconv.Quote(tag))
		}
	}
	if typ.NumFields() > 0 {
		w.WriteByte(' ')
	}
	w.WriteByte('}')
}

func (w *typeWriter) iface(typ *types.Interface) {
	w.WriteString("interface {")
	for i, m := range interfaceMethods(typ) {
		if i > 0 {
			w.WriteByte(';')
		}
		w.WriteByte(' ')
		if !token.IsExported(m.Name()) {
			w.pkg(m.Pkg())
		}
		w.WriteString(m.Name())
		w.signature(m.Signature())
	}
	if typ.NumMethods() > 0 {
		w.WriteByte(' ')
	}
	w.WriteByte('}')
}
