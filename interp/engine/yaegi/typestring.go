package yaegi

import (
	"fmt"
	"go/types"
	"strings"
)

// A spelling writes types as source of a program, and notes the packages and
// session objects that the source then mentions.
type spelling struct {
	l   *lowering
	b   strings.Builder
	err error
}

// typeString returns t as source.
func (l *lowering) typeString(t types.Type) string {
	s := &spelling{l: l}
	s.write(t)
	if s.err != nil {
		l.fail(s.err)
	}
	return s.b.String()
}

func (s *spelling) write(t types.Type) {
	switch t := t.(type) {
	case *types.Basic:
		s.basic(t)
	case *types.Alias:
		s.write(types.Unalias(t))
	case *types.Named:
		s.named(t)
	case *types.Pointer:
		s.prefix("*", t.Elem())
	case *types.Slice:
		s.prefix("[]", t.Elem())
	case *types.Array:
		s.prefix(fmt.Sprintf("[%d]", t.Len()), t.Elem())
	case *types.Map:
		s.b.WriteString("map[")
		s.write(t.Key())
		s.prefix("]", t.Elem())
	case *types.Chan:
		s.prefix([...]string{"chan ", "chan<- ", "<-chan "}[t.Dir()], t.Elem())
	case *types.Signature:
		s.b.WriteString("func")
		s.signature(t)
	case *types.Struct:
		s.structure(t)
	case *types.Interface:
		s.iface(t)
	case *types.TypeParam:
		s.b.WriteString(t.Obj().Name())
	default:
		s.err = fmt.Errorf("the type %s cannot be kept in a variable of the notebook", t)
	}
}

func (s *spelling) prefix(p string, elem types.Type) {
	s.b.WriteString(p)
	s.write(elem)
}

func (s *spelling) basic(t *types.Basic) {
	if t.Kind() == types.UnsafePointer {
		s.l.usePackage("unsafe")
		s.b.WriteString(imported("unsafe") + ".Pointer")
		return
	}
	s.b.WriteString(t.Name())
}

func (s *spelling) named(t *types.Named) {
	obj := t.Obj()
	switch {
	case obj.Pkg() == nil:
		s.b.WriteString(obj.Name())
	case s.l.names.isSession(obj):
		s.b.WriteString(s.l.use(obj))
	case obj.Pkg() == s.l.unit.Pkg:
		s.b.WriteString(obj.Name()) // declared inside a function
	case !obj.Exported():
		s.err = fmt.Errorf("a variable of the notebook cannot have the type %s.%s, which its package does not export", obj.Pkg().Name(), obj.Name())
	default:
		s.l.usePackage(obj.Pkg().Path())
		s.b.WriteString(imported(obj.Pkg().Path()) + "." + obj.Name())
	}
	if args := t.TypeArgs(); args != nil {
		s.b.WriteByte('[')
		for i := range args.Len() {
			if i > 0 {
				s.b.WriteString(", ")
			}
			s.write(args.At(i))
		}
		s.b.WriteByte(']')
	}
}

// signature writes parameters, named p0ʹ, p1ʹ …, and results.
func (s *spelling) signature(t *types.Signature) {
	s.b.WriteByte('(')
	s.params(t)
	s.b.WriteByte(')')
	if t.Results().Len() == 0 {
		return
	}
	s.b.WriteString(" (")
	for i := range t.Results().Len() {
		if i > 0 {
			s.b.WriteString(", ")
		}
		s.write(t.Results().At(i).Type())
	}
	s.b.WriteByte(')')
}

func (s *spelling) params(t *types.Signature) {
	for i := range t.Params().Len() {
		if i > 0 {
			s.b.WriteString(", ")
		}
		fmt.Fprintf(&s.b, "p%dʹ ", i)
		param := t.Params().At(i).Type()
		if t.Variadic() && i == t.Params().Len()-1 {
			s.prefix("...", param.(*types.Slice).Elem())
			continue
		}
		s.write(param)
	}
}

func (s *spelling) structure(t *types.Struct) {
	s.b.WriteString("struct{")
	for i := range t.NumFields() {
		if i > 0 {
			s.b.WriteString("; ")
		}
		if f := t.Field(i); !f.Embedded() {
			s.b.WriteString(f.Name() + " ")
		}
		s.write(t.Field(i).Type())
		if tag := t.Tag(i); tag != "" {
			fmt.Fprintf(&s.b, " %q", tag)
		}
	}
	s.b.WriteByte('}')
}

func (s *spelling) iface(t *types.Interface) {
	s.b.WriteString("interface{")
	for i := range t.NumExplicitMethods() {
		if i > 0 {
			s.b.WriteString("; ")
		}
		s.b.WriteString(t.ExplicitMethod(i).Name())
		s.signature(t.ExplicitMethod(i).Signature())
	}
	for i := range t.NumEmbeddeds() {
		if i > 0 || t.NumExplicitMethods() > 0 {
			s.b.WriteString("; ")
		}
		s.write(t.EmbeddedType(i))
	}
	s.b.WriteByte('}')
}
