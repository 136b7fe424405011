package assist

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"
)

// shownMethods is how many methods of a type are listed when no more detail is
// asked for.
const shownMethods = 16

// declaration writes the declaration of an object without what makes it work.
func (q *question) declaration(obj types.Object, owner *types.Named) string {
	switch obj := obj.(type) {
	case *types.Func:
		return q.function(obj, owner)
	case *types.TypeName:
		return q.typeDeclaration(obj)
	case *types.Const:
		return q.constant(obj)
	case *types.Var:
		name := q.qualified(obj)
		if !obj.IsField() {
			return "var " + name + " " + q.typeString(obj.Type())
		}
		if owner != nil {
			name = q.typeString(owner.Origin()) + "." + obj.Name()
			if i := strings.IndexByte(name, '['); i >= 0 {
				name = name[:i] + "." + obj.Name()
			}
		}
		return "field " + name + " " + q.typeString(obj.Type())
	case *types.Builtin:
		return "func " + obj.Name()
	case *types.Nil:
		return "var nil"
	}
	return ""
}

// qualified is an object's name as cells write it.
func (q *question) qualified(obj types.Object) string {
	if obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
		return obj.Name()
	}
	if pkg := q.qualifier(obj.Pkg()); pkg != "" {
		return pkg + "." + obj.Name()
	}
	return obj.Name()
}

func (q *question) function(fn *types.Func, owner *types.Named) string {
	signature := strings.TrimPrefix(q.typeString(fn.Type()), "func")
	recv := fn.Signature().Recv()
	if recv == nil {
		return "func " + q.qualified(fn) + signature
	}
	t := recv.Type()
	if owner != nil && types.IsInterface(t) {
		t = owner
	}
	name := ""
	if recv.Name() != "" && recv.Name() != "_" {
		name = recv.Name() + " "
	}
	return "func (" + name + q.typeString(t) + ") " + fn.Name() + signature
}

func (q *question) constant(c *types.Const) string {
	text := "const " + q.qualified(c)
	if basic, ok := c.Type().(*types.Basic); !ok || basic.Info()&types.IsUntyped == 0 {
		text += " " + q.typeString(c.Type())
	}
	return text + " = " + c.Val().String()
}

func (q *question) typeDeclaration(obj *types.TypeName) string {
	text := "type " + q.qualified(obj)
	if obj.IsAlias() {
		if alias, ok := obj.Type().(*types.Alias); ok {
			return text + " = " + q.typeString(alias.Rhs())
		}
		return text + " = " + q.typeString(obj.Type())
	}
	named, ok := obj.Type().(*types.Named)
	if !ok {
		if param, ok := obj.Type().(*types.TypeParam); ok {
			return "type parameter " + obj.Name() + " " + q.typeString(param.Constraint())
		}
		return text // int
	}
	text += q.typeParams(named) + " " + q.underlying(named)
	methods := q.methods(named)
	for i, m := range methods {
		if i == 0 {
			text += "\n"
		}
		if i == shownMethods && q.detail == 0 {
			text += fmt.Sprintf("\n// and %d more methods", len(methods)-i)
			break
		}
		text += "\n" + q.function(m, named)
	}
	return text
}

func (q *question) typeParams(named *types.Named) string {
	var params []string
	for p := range named.TypeParams().TypeParams() {
		params = append(params, p.Obj().Name()+" "+q.typeString(p.Constraint()))
	}
	if params == nil {
		return ""
	}
	return "[" + strings.Join(params, ", ") + "]"
}

// underlying writes what a named type is, one field or method on a line, and
// without those that cells cannot use.
func (q *question) underlying(named *types.Named) string {
	var lines []string
	kind, hidden := "", ""
	visible := func(name string) bool {
		if token.IsExported(name) || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() == q.Pkg.Path() {
			return true
		}
		hidden = "\t// and what is not exported"
		return false
	}
	switch u := named.Underlying().(type) {
	case *types.Struct:
		kind = "struct"
		for f := range u.Fields() {
			switch {
			case !visible(f.Name()):
			case f.Embedded():
				lines = append(lines, "\t"+q.typeString(f.Type()))
			default:
				lines = append(lines, "\t"+f.Name()+" "+q.typeString(f.Type()))
			}
		}
	case *types.Interface:
		kind = "interface"
		for t := range u.EmbeddedTypes() {
			lines = append(lines, "\t"+q.typeString(t))
		}
		for m := range u.ExplicitMethods() {
			if visible(m.Name()) {
				lines = append(lines, "\t"+m.Name()+strings.TrimPrefix(q.typeString(m.Type()), "func"))
			}
		}
	default:
		return q.typeString(u)
	}
	if hidden != "" {
		lines = append(lines, hidden)
	}
	if lines == nil {
		return kind + "{}"
	}
	return kind + " {\n" + strings.Join(lines, "\n") + "\n}"
}
