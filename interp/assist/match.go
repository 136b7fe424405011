package assist

import (
	"go/types"
	"slices"
	"strings"

	"cuaderno/interp/lang"
)

// A list gathers matches, each name once. Those of one group are sorted.
type list struct {
	prefix  string
	matches []lang.Match
	seen    map[string]bool
	group   int // where the current one starts
}

func newList(prefix string) *list {
	return &list{prefix: strings.ToLower(prefix), seen: map[string]bool{}}
}

// fits reports whether name may complete what has been typed, whatever the case of
// its letters.
func (l *list) fits(name string) bool {
	return len(name) >= len(l.prefix) && strings.HasPrefix(strings.ToLower(name), l.prefix)
}

func (l *list) add(m lang.Match) {
	if !l.fits(m.Text) || l.seen[m.Text] {
		return
	}
	l.seen[m.Text] = true
	l.matches = append(l.matches, m)
}

// end ends a group.
func (l *list) end() {
	slices.SortFunc(l.matches[l.group:], func(a, b lang.Match) int { return strings.Compare(a.Text, b.Text) })
	l.group = len(l.matches)
}

// match describes an object of the session or of a package.
func (q *question) match(obj types.Object) lang.Match {
	m := lang.Match{Text: obj.Name()}
	switch obj := obj.(type) {
	case *types.Func:
		m.Type = "function"
		if obj.Signature().Recv() != nil {
			m.Type = "method"
		}
		m.Signature = strings.TrimPrefix(q.typeString(obj.Type()), "func")
	case *types.Var:
		m.Type = "variable"
		if obj.IsField() {
			m.Type = "field"
		}
		m.Signature = q.typeString(obj.Type())
	case *types.Const:
		m.Type = "constant"
		m.Signature = q.typeString(obj.Type())
	case *types.TypeName:
		m.Type = "type"
		m.Signature = q.kindOf(obj)
	case *types.PkgName:
		m.Type = "package"
		m.Signature = obj.Imported().Path()
	case *types.Builtin:
		m.Type = "function"
		m.Signature = q.builtin(obj.Name())
	case *types.Nil:
		m.Type = "constant"
	}
	return m
}

// kindOf says in a word or two what a type is.
func (q *question) kindOf(obj *types.TypeName) string {
	switch t := obj.Type().Underlying().(type) {
	case *types.Struct:
		return "struct"
	case *types.Interface:
		if _, param := obj.Type().(*types.TypeParam); param {
			return "type parameter"
		}
		return "interface"
	case *types.Basic:
		if t.Name() == obj.Name() {
			return ""
		}
		return t.Name()
	default:
		return q.typeString(t)
	}
}

// typeString writes a type as a cell would.
func (q *question) typeString(t types.Type) string { return types.TypeString(t, q.qualifier) }

// qualifier is how cells name a package, "" for their own.
func (q *question) qualifier(pkg *types.Package) string {
	if pkg.Path() == q.Pkg.Path() {
		return ""
	}
	return q.packageName(pkg)
}

// packageName is how cells name a package.
func (q *question) packageName(pkg *types.Package) string {
	if q.Imports[pkg.Name()] == pkg.Path() {
		return pkg.Name()
	}
	best := ""
	for name, path := range q.Imports {
		if path == pkg.Path() && (best == "" || name < best) {
			best = name
		}
	}
	if best != "" {
		return best
	}
	return pkg.Name()
}
