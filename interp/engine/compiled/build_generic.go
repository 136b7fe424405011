package compiled

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"

	"cuaderno/interp/check"
)

// A generic is a generic function, or a method of a generic type, as its cell
// declared it: its syntax, and what go/types said of that syntax.
type generic struct {
	decl    *ast.FuncDecl
	info    *types.Info
	markers []*types.Func // that decl calls
}

// remember keeps a generic declaration of the unit for the units to come. It stays
// as wrapIgnored and fixLengths change it, because it will be built again.
func (a *assembly) remember(f *check.Func) {
	fn, ok := a.unit.Info.Defs[f.Decl.Name].(*types.Func)
	if !ok {
		return
	}
	known := len(a.marked)
	a.wrapIgnored(f.Decl)
	a.fixLengths(f.Decl)
	a.generics[fn] = &generic{f.Decl, excerpt(a.info, f.Decl), slices.Clone(a.marked[known:])}
}

// mentionGeneric adds what is known of a generic's syntax to the unit's.
func (a *assembly) mentionGeneric(g *generic) error {
	maps.Copy(a.info.Types, g.info.Types)
	maps.Copy(a.info.Instances, g.info.Instances)
	maps.Copy(a.info.Defs, g.info.Defs)
	maps.Copy(a.info.Uses, g.info.Uses)
	maps.Copy(a.info.Implicits, g.info.Implicits)
	maps.Copy(a.info.Selections, g.info.Selections)
	for _, fn := range g.markers {
		if !a.declared[fn] {
			a.declareFunc(fn)
		}
	}
	return a.mention(g.info.Uses)
}

// excerpt returns what info says of the nodes in n.
func excerpt(info *types.Info, n ast.Node) *types.Info {
	out := &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Instances:  map[*ast.Ident]types.Instance{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		if obj, ok := info.Implicits[n]; ok {
			out.Implicits[n] = obj
		}
		if e, ok := n.(ast.Expr); ok {
			if tv, ok := info.Types[e]; ok {
				out.Types[e] = tv
			}
		}
		switch n := n.(type) {
		case *ast.Ident:
			if inst, ok := info.Instances[n]; ok {
				out.Instances[n] = inst
			}
			if obj, ok := info.Defs[n]; ok {
				out.Defs[n] = obj
			}
			if obj, ok := info.Uses[n]; ok {
				out.Uses[n] = obj
			}
		case *ast.SelectorExpr:
			if sel, ok := info.Selections[n]; ok {
				out.Selections[n] = sel
			}
		}
		return true
	})
	return out
}
