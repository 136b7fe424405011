package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"cuaderno/interp/lang"
)

// complete lists what may stand at the cursor.
func (q *question) complete() []lang.Match {
	l := newList(q.prefix)
	if sel := q.selector(); sel != nil {
		q.members(l, sel)
		return l.matches
	}
	if q.before == token.PERIOD || q.before == token.FUNC || q.id != nil && q.names() {
		return nil
	}
	if branch, ok := q.parent(1).(*ast.BranchStmt); ok && branch.Label == q.id {
		q.labels(l)
		return l.matches
	}
	if q.fields(l) {
		return l.matches
	}
	q.inScope(l)
	return l.matches
}

// inScope lists the names that mean something at the cursor, and the packages that
// would if they were used.
func (q *question) inScope(l *list) {
	keep := func(types.Object) bool { return true }
	onlyTypes := q.id != nil && q.wantsType()
	if onlyTypes {
		keep = func(obj types.Object) bool {
			switch obj.(type) {
			case *types.TypeName, *types.PkgName:
				return true
			}
			return false
		}
	}
	add := func(obj types.Object) {
		if obj != nil && l.fits(obj.Name()) && !invented(obj.Name()) && keep(obj) {
			l.add(q.match(obj))
		}
	}
	q.locals(add)
	l.end()
	scope := q.Pkg.Scope()
	for _, name := range scope.Names() {
		add(q.atTopLevel(scope.Lookup(name)))
	}
	l.end()
	for name, path := range q.Imports {
		if scope.Lookup(name) == nil {
			l.add(lang.Match{Text: name, Type: "package", Signature: path})
		}
	}
	l.end()
	for _, name := range q.keywords(onlyTypes) {
		l.add(lang.Match{Text: name, Type: "keyword"})
	}
	for _, name := range types.Universe.Names() {
		add(types.Universe.Lookup(name))
	}
	l.end()
	if q.prefix != "" {
		for _, path := range q.Importer.Paths() {
			if name, _ := q.Importer.Offers(path); strings.HasPrefix(name, q.prefix) && !strings.HasPrefix(path, cellPackages) {
				l.add(lang.Match{Text: name, Type: "package", Signature: strings.Join(q.Importer.Names(name), ", ")})
			}
		}
		l.end()
	}
}

// locals calls add with the objects of functions and blocks around the cursor.
func (q *question) locals(add func(types.Object)) {
	inner := q.scope()
	if inner == nil {
		return
	}
	outer := q.Pkg.Scope()
	for s := inner; s != nil && s != outer && s != types.Universe; s = s.Parent() {
		for _, name := range s.Names() {
			if _, file := s.Lookup(name).(*types.PkgName); file {
				continue
			}
			if in, obj := inner.LookupParent(name, q.Cursor); in == s {
				add(obj)
			}
		}
	}
}

// atTopLevel is what the name of a package-level object means at the cursor:
// among the statements of the cell their own variables come one after another.
func (q *question) atTopLevel(obj types.Object) types.Object {
	v, ok := obj.(*types.Var)
	if !ok || !q.inStatements() || !q.Own(v) || !slices.Contains(q.Vars, v) {
		return obj
	}
	return q.Earlier(v.Name())
}

// labels lists those of the function around the cursor.
func (q *question) labels(l *list) {
	var body ast.Node
	for _, n := range q.path {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			body = n
		}
	}
	if body == nil {
		return
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok && lit != body {
			return false
		}
		if label, ok := n.(*ast.LabeledStmt); ok {
			l.add(lang.Match{Text: label.Label.Name, Type: "label"})
		}
		return true
	})
	l.end()
}

// keywords are those that fit at the cursor.
func (q *question) keywords(onlyTypes bool) []string {
	ofTypes := []string{"chan", "func", "interface", "map", "struct"}
	if onlyTypes {
		return ofTypes
	}
	var inFunction, inLoop, inSwitch bool
	for _, n := range q.path {
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			inFunction, inLoop, inSwitch = n != q.Cell.Body, false, false
		case *ast.ForStmt, *ast.RangeStmt:
			inLoop = true
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			inSwitch = true
		}
	}
	switch q.before {
	case token.SEMICOLON, token.LBRACE, token.RBRACE, token.COLON:
	case token.ASSIGN, token.DEFINE, token.FOR:
		return append(ofTypes, "range")
	default:
		return ofTypes
	}
	if _, statement := q.parent(1).(*ast.ExprStmt); !statement && q.id != nil {
		return ofTypes // an element, for example
	}
	words := append(ofTypes, "const", "defer", "else", "for", "go", "goto", "if", "select", "switch", "type", "var")
	if !inFunction && len(q.path) <= 4 {
		words = append(words, "import")
	}
	if inFunction {
		words = append(words, "return")
	}
	if inLoop {
		words = append(words, "continue")
	}
	if inLoop || inSwitch {
		words = append(words, "break")
	}
	if inSwitch {
		words = append(words, "case", "default", "fallthrough")
	}
	return words
}

// magics lists those of the session, or the words that may follow one.
func (a *Assistant) magics(code string, p *place) []lang.Match {
	line := code[:p.start]
	start := strings.LastIndexAny(line, " \t\n") + 1
	p.start = start
	l := newList(line[start:])
	name, _, arguments := strings.Cut(strings.TrimSpace(line), " ")
	for _, m := range a.Magics {
		switch {
		case !arguments && strings.HasPrefix(line[start:], "%"):
			l.add(lang.Match{Text: m.Name, Type: "magic", Signature: m.Usage})
		case m.Name == name && strings.TrimSpace(line[:start]) == name:
			for _, arg := range m.Arguments {
				l.add(lang.Match{Text: arg, Type: "argument"})
			}
		}
	}
	l.end()
	return l.matches
}

// importPaths lists the packages of the standard library by path.
func (a *Assistant) importPaths(prefix string) []lang.Match {
	l := newList(prefix)
	for _, path := range a.Importer.Paths() {
		if strings.HasPrefix(path, cellPackages) {
			continue // those need no import
		}
		name, _ := a.Importer.Offers(path)
		l.add(lang.Match{Text: path, Type: "package", Signature: "package " + name})
	}
	l.end()
	return l.matches
}

// cellPackages starts the import paths of the packages that are always there.
const cellPackages = "cuaderno/"
