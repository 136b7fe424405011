package assist

import (
	"go/ast"
	"go/types"
)

// fields lists the fields that a struct literal may name at the cursor. It reports
// whether nothing else may stand there.
func (q *question) fields(l *list) bool {
	if q.id == nil {
		return false
	}
	lit, key := q.literal()
	if lit == nil {
		return false
	}
	s := q.structOf(lit)
	if s == nil {
		return false
	}
	given := map[string]bool{}
	named, positional := key, false
	for _, elt := range lit.Elts {
		if pair, ok := elt.(*ast.KeyValueExpr); !ok {
			positional = positional || elt != q.id
		} else if id, ok := pair.Key.(*ast.Ident); ok && id != q.id {
			given[id.Name] = true
			named = true
		}
	}
	if positional && !named {
		return false
	}
	for f := range s.Fields() {
		if !given[f.Name()] {
			q.addMember(l, f)
		}
	}
	l.end()
	return named
}

// literal is the composite literal of which the cursor is an element, or the key of
// one.
func (q *question) literal() (lit *ast.CompositeLit, key bool) {
	switch n := q.parent(1).(type) {
	case *ast.CompositeLit:
		if n.Type != q.id {
			return n, false
		}
	case *ast.KeyValueExpr:
		if lit, ok := q.parent(2).(*ast.CompositeLit); ok && n.Key == q.id {
			return lit, true
		}
	}
	return nil, false
}

// structOf is the struct type of a literal, nil if it is of another type.
func (q *question) structOf(lit *ast.CompositeLit) *types.Struct {
	t := q.Info.TypeOf(lit)
	if t == nil && lit.Type != nil {
		t = q.Info.TypeOf(lit.Type)
	}
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok { // left out in a slice of pointers
		t = p.Elem()
	}
	s, _ := t.Underlying().(*types.Struct)
	return s
}
