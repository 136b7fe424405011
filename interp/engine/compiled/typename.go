package compiled

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A named type that the other process cannot know by its structure travels as a
// text: "main.Point#3.0" is the first type that unit 3 declares, an instance has
// its arguments behind its origin, "cuaderno/mpruntime".Value[main.Point#3.0]. The
// arguments are written much as Go writes types.

// maxTypeName bounds the text, and with it the types that a peer can ask for.
const maxTypeName = 1 << 10

// TypeName returns a name for a named type that a cell declares, or an instance of a
// generic type, under which TypeNamed of another process finds it. ok is false
// for other types.
func (e *Engine) TypeName(rt reflect.Type) (name string, ok bool) {
	if rt.Name() == "" {
		return "", false
	}
	if name, known := e.typeNames.Load(rt); known {
		return name.(string), true
	}
	named, ok := e.types.TypeOf(rt).(*types.Named)
	if !ok {
		if named = e.types.InstanceOf(rt); named == nil {
			return "", false
		}
	}
	w := typeWriter{e: e}
	e.tables.Lock()
	defer e.tables.Unlock()
	if !w.write(named) || len(w.text) > maxTypeName {
		return "", false
	}
	e.typeNames.Store(rt, string(w.text))
	return string(w.text), true
}

// TypeNamed is the reverse of TypeName; nil where there is no such type.
func (e *Engine) TypeNamed(name string) reflect.Type {
	if len(name) > maxTypeName {
		return nil
	}
	r := typeReader{e: e, text: name}
	named, ok := r.read().(*types.Named)
	if !ok || r.text != "" {
		return nil
	}
	rt, err := e.types.Make(named)
	if err != nil {
		return nil
	}
	return rt
}

// A typeWriter appends types to a text. Its engine's tables are locked.
type typeWriter struct {
	e    *Engine
	text []byte
}

func (w *typeWriter) add(format string, args ...any) { w.text = fmt.Appendf(w.text, format, args...) }

// write returns false for a type that has no text.
func (w *typeWriter) write(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		w.add("%s", t.Name())
		return t.Info()&types.IsUntyped == 0 && t.Kind() != types.Invalid
	case *types.Named:
		return w.named(t)
	case *types.Pointer:
		w.add("*")
		return w.write(t.Elem())
	case *types.Slice:
		w.add("[]")
		return w.write(t.Elem())
	case *types.Array:
		w.add("[%d]", t.Len())
		return w.write(t.Elem())
	case *types.Map:
		w.add("map[")
		ok := w.write(t.Key())
		w.add("]")
		return ok && w.write(t.Elem())
	case *types.Signature:
		w.add("func")
		return w.tuple(t.Params(), t.Variadic()) && w.tuple(t.Results(), false)
	case *types.Interface:
		w.add("any")
		return t.Empty()
	case *types.Struct:
		w.add("struct{")
		for i := range t.NumFields() {
			f := t.Field(i)
			if !f.Exported() && !ours(f) {
				return false
			}
			w.add("%s ", f.Name())
			if !w.write(f.Type()) {
				return false
			}
			if f.Embedded() {
				w.add("!")
			}
			w.add("%q;", t.Tag(i))
		}
		w.add("}")
		return true
	}
	return false
}

// tuple writes parameters or results.
func (w *typeWriter) tuple(t *types.Tuple, variadic bool) bool {
	w.add("(")
	for i := range t.Len() {
		if variadic && i == t.Len()-1 {
			w.add("...")
		}
		if !w.write(t.At(i).Type()) {
			return false
		}
		w.add(",")
	}
	w.add(")")
	return true
}

func (w *typeWriter) named(t *types.Named) bool {
	obj := t.Obj()
	if n := w.e.typeUnits[t.Origin().Obj()]; n != nil {
		w.add("%s.%s#%d.%d", obj.Pkg().Name(), obj.Name(), n.serial, slices.Index(n.types, t.Origin().Obj()))
	} else if obj.Pkg() == nil {
		w.add("%s", obj.Name())
	} else if obj.Parent() == obj.Pkg().Scope() && !ours(obj) {
		w.add("%q.%s", obj.Pkg().Path(), obj.Name())
	} else {
		return false
	}
	if t.TypeArgs().Len() == 0 {
		return true
	}
	w.add("[")
	for arg := range t.TypeArgs().Types() {
		if !w.write(arg) {
			return false
		}
		w.add(",")
	}
	w.add("]")
	return true
}

// A typeReader takes types from a text.
type typeReader struct {
	e    *Engine
	text string
}

// take takes s, if it comes next.
func (r *typeReader) take(s string) bool {
	var ok bool
	r.text, ok = strings.CutPrefix(r.text, s)
	return ok
}

// word takes the longest word, of letters and digits.
func (r *typeReader) word() string {
	i := strings.IndexFunc(r.text, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	if i < 0 {
		i = len(r.text)
	}
	word := r.text[:i]
	r.text = r.text[i:]
	return word
}

// number takes a number, -1 if there is none.
func (r *typeReader) number() int {
	n, err := strconv.Atoi(r.word())
	if err != nil {
		return -1
	}
	return n
}

// quoted takes a quoted string.
func (r *typeReader) quoted() (string, bool) {
	q, err := strconv.QuotedPrefix(r.text)
	if err != nil {
		return "", false
	}
	r.text = r.text[len(q):]
	s, err := strconv.Unquote(q)
	return s, err == nil
}

// read takes a type. It returns nil where the text names none.
func (r *typeReader) read() types.Type {
	switch {
	case r.take("*"):
		if elem := r.read(); elem != nil {
			return types.NewPointer(elem)
		}
	case r.take("[]"):
		if elem := r.read(); elem != nil {
			return types.NewSlice(elem)
		}
	case r.take("["):
		n := r.number()
		if elem := r.behind("]"); n >= 0 && elem != nil {
			return types.NewArray(elem, int64(n))
		}
	case r.take("map["):
		key := r.read()
		if elem := r.behind("]"); key != nil && elem != nil && types.Comparable(key) {
			return types.NewMap(key, elem)
		}
	case r.take("func("):
		in, variadic, ok := r.tuple()
		if !ok || !r.take("(") {
			return nil
		}
		if out, dots, ok := r.tuple(); ok && !dots {
			return types.NewSignatureType(nil, nil, nil, in, out, variadic)
		}
	case r.take("struct{"):
		return r.structure()
	case strings.HasPrefix(r.text, `"`):
		return r.compiled()
	default:
		return r.known()
	}
	return nil
}

// behind takes a type that follows s.
func (r *typeReader) behind(s string) types.Type {
	if !r.take(s) {
		return nil
	}
	return r.read()
}

func (r *typeReader) tuple() (t *types.Tuple, variadic, ok bool) {
	var vars []*types.Var
	for !r.take(")") {
		variadic = r.take("...")
		t := r.read()
		if t == nil || !r.take(",") {
			return nil, false, false
		}
		if _, isSlice := t.(*types.Slice); variadic && !(isSlice && strings.HasPrefix(r.text, ")")) {
			return nil, false, false
		}
		vars = append(vars, types.NewParam(token.NoPos, nil, "", t))
	}
	return types.NewTuple(vars...), variadic, true
}

func (r *typeReader) structure() types.Type {
	var fields []*types.Var
	var tags []string
	names := map[string]bool{}
	session := r.e.session.Load()
	for !r.take("}") {
		name := r.word()
		t := r.behind(" ")
		embedded := r.take("!")
		tag, ok := r.quoted()
		if !token.IsIdentifier(name) || names[name] || t == nil || !ok || !r.take(";") || embedded && name != embeddedName(t) {
			return nil
		}
		names[name] = name != "_"
		fields = append(fields, types.NewField(token.NoPos, session, name, t, embedded))
		tags = append(tags, tag)
	}
	return types.NewStruct(fields, tags)
}

// embeddedName is the name of an embedded field of type t, "" for types that
// cannot be embedded.
func embeddedName(t types.Type) string {
	p, isPointer := t.(*types.Pointer)
	if isPointer {
		t = p.Elem()
	}
	switch t := t.(type) {
	case *types.Named:
		if under := t.Underlying(); isPointer && types.IsInterface(under) || isPointerType(under) {
			return ""
		}
		return t.Obj().Name()
	case *types.Basic:
		if t.Kind() != types.UnsafePointer {
			return t.Name()
		}
	}
	return ""
}

func isPointerType(t types.Type) bool {
	_, ok := t.(*types.Pointer)
	return ok
}

// compiled takes a type of a compiled package.
func (r *typeReader) compiled() types.Type {
	path, ok := r.quoted()
	if !ok || !r.take(".") {
		return nil
	}
	name := r.word()
	if _, offered := r.e.builder.importer.Offers(path); !offered || !token.IsExported(name) {
		return nil
	}
	pkg, err := r.e.builder.importer.Import(path)
	if err != nil {
		return nil
	}
	obj, ok := pkg.Scope().Lookup(name).(*types.TypeName)
	if !ok {
		return nil
	}
	return r.instance(obj)
}

// known takes a type of a cell, or of the language.
func (r *typeReader) known() types.Type {
	name := r.word()
	if !r.take(".") {
		if obj, ok := types.Universe.Lookup(name).(*types.TypeName); ok && name != "comparable" {
			return obj.Type()
		}
		return nil
	}
	r.word()
	if !r.take("#") {
		return nil
	}
	serial := r.number()
	if !r.take(".") {
		return nil
	}
	i := r.number()
	r.e.mu.Lock()
	n := r.e.unit(serial)
	r.e.mu.Unlock()
	if n == nil || i < 0 || i >= len(n.types) {
		return nil
	}
	return r.instance(n.types[i])
}

// instance takes the arguments of a type, if it needs any.
func (r *typeReader) instance(obj *types.TypeName) types.Type {
	named, ok := types.Unalias(obj.Type()).(*types.Named)
	if !ok {
		return nil
	}
	var args []types.Type
	if r.take("[") {
		for !r.take("]") {
			arg := r.read()
			if arg == nil || !r.take(",") {
				return nil
			}
			args = append(args, arg)
		}
	}
	if len(args) != named.TypeParams().Len() {
		return nil
	}
	if len(args) == 0 {
		return named
	}
	t, err := types.Instantiate(nil, named, args, true)
	if err != nil {
		return nil
	}
	return t
}
