package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"cuaderno/interp/cell"
	"cuaderno/interp/check"
)

// A question is what is asked about one place in a cell.
type question struct {
	*Assistant
	*check.Sketch
	path []ast.Node // what surrounds the cursor, outermost first
	id   *ast.Ident // the one at the cursor, nil if there is none

	prefix string
	before token.Token // the one before the identifier, SEMICOLON at the start of a line
	detail int
}

// question finds what surrounds the cursor.
func (a *Assistant) question(sketch *check.Sketch) *question {
	q := &question{Assistant: a, Sketch: sketch}
	if !q.Cursor.IsValid() {
		return q
	}
	var path []ast.Node
	ast.Inspect(q.Cell.File, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		if n != q.Cell.File && (n.Pos() > q.Cursor || q.Cursor > n.End()) {
			return false
		}
		path = append(path, n)
		if id, ok := n.(*ast.Ident); ok && q.id == nil && id != q.Cell.Body.Name {
			q.id = id
			q.path = append([]ast.Node{}, path...)
		} else if q.id == nil && len(path) > len(q.path) {
			q.path = append([]ast.Node{}, path...)
		}
		return true
	})
	return q
}

// parent returns the node that is n levels above the innermost, nil if there is
// none.
func (q *question) parent(n int) ast.Node {
	if i := len(q.path) - 1 - n; i >= 0 {
		return q.path[i]
	}
	return nil
}

// scope is the innermost scope of functions and blocks around the cursor, nil at
// the top level of the cell.
func (q *question) scope() *types.Scope {
	for i := len(q.path) - 1; i >= 0; i-- {
		switch n := q.path[i].(type) {
		case *ast.FuncDecl:
			for _, f := range q.Funcs {
				if f.Decl == n && f.Impl != nil {
					return q.Scopes[f.Impl.Type]
				}
			}
			return q.Scopes[n.Type]
		case *ast.FuncLit:
			if s := q.Scopes[n.Type]; s != nil {
				return s
			}
		default:
			if s := q.Scopes[n]; s != nil && n != q.Cell.File {
				return s
			}
		}
	}
	return nil
}

// inStatements reports whether the cursor is among the statements of the cell.
func (q *question) inStatements() bool {
	return len(q.path) > 1 && q.path[1] == q.Cell.Body
}

// selector is the one whose member is at the cursor, nil if there is none.
func (q *question) selector() *ast.SelectorExpr {
	if sel, ok := q.parent(1).(*ast.SelectorExpr); ok && sel.Sel == q.id {
		return sel
	}
	return nil
}

// names reports whether the cursor is where a declaration gives a name that is to
// be a new one.
func (q *question) names() bool {
	switch n := q.parent(1).(type) {
	case *ast.FuncDecl:
		return n.Name == q.id
	case *ast.TypeSpec:
		return n.Name == q.id
	case *ast.ValueSpec:
		return has(n.Names, q.id)
	case *ast.Field:
		return has(n.Names, q.id)
	case *ast.ImportSpec, *ast.File, *ast.LabeledStmt:
		return true
	}
	return false
}

func has(ids []*ast.Ident, id *ast.Ident) bool {
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}

// wantsType reports whether only a type may stand at the cursor.
func (q *question) wantsType() bool {
	var child ast.Node = q.id
	i := 1
	if sel := q.selector(); sel != nil {
		child, i = sel, 2
	}
	for ; ; i++ {
		switch n := q.parent(i).(type) {
		case *ast.StarExpr:
			// a pointer type, or what a pointer points to
		case *ast.Field:
			return n.Type == child
		case *ast.ValueSpec:
			return n.Type == child
		case *ast.TypeSpec:
			return n.Type == child
		case *ast.ArrayType:
			return n.Elt == child
		case *ast.MapType, *ast.ChanType:
			return true
		case *ast.TypeAssertExpr:
			return n.Type == child
		case *ast.CompositeLit:
			return n.Type == child
		case *ast.Ellipsis:
			return true
		default:
			return false
		}
		child = q.parent(i)
	}
}

// invented reports a name that nobody has typed.
func invented(name string) bool {
	return name == "_" || strings.Contains(name, cell.Placeholder)
}
