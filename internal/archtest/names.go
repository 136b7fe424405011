package archtest

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// Names is the set of what a tree declares at package level, as documents write
// it: "package.Name" and "package.Type.Member", where a member is a method or a
// field. The names of test files are not in it.
type Names map[string]bool

// Declared collects the names of files. A package is known by the name in its
// package clause; the programs, which are all called main, by their directory.
func Declared(files []File) Names {
	names := Names{}
	for _, file := range files {
		if file.IsTest() {
			continue
		}
		pkg := file.Syntax.Name.Name
		if pkg == "main" {
			dir := strings.Split(file.Path, "/")
			pkg = dir[max(len(dir)-2, 0)]
		}
		names[pkg] = true
		for _, decl := range file.Syntax.Decls {
			names.add(pkg, decl)
		}
	}
	return names
}

func (n Names) add(pkg string, decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		name := decl.Name.Name
		if decl.Recv != nil {
			name = receiver(decl.Recv.List[0].Type) + "." + name
		}
		n[pkg+"."+name] = true
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					n[pkg+"."+name.Name] = true
				}
			case *ast.TypeSpec:
				n[pkg+"."+spec.Name.Name] = true
				n.addMembers(pkg+"."+spec.Name.Name, spec.Type)
			}
		}
	}
}

func (n Names) addMembers(name string, typ ast.Expr) {
	var members *ast.FieldList
	switch typ := typ.(type) {
	case *ast.InterfaceType:
		members = typ.Methods
	case *ast.StructType:
		members = typ.Fields
	default:
		return
	}
	for _, field := range members.List {
		for _, ident := range field.Names {
			n[name+"."+ident.Name] = true
		}
	}
}

func receiver(typ ast.Expr) string {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		return receiver(typ.X)
	case *ast.IndexExpr:
		return receiver(typ.X)
	case *ast.IndexListExpr:
		return receiver(typ.X)
	case *ast.Ident:
		return typ.Name
	}
	return ""
}

// mention is a name in backquotes, with or without the parentheses of a call.
var mention = regexp.MustCompile("`([a-z][a-z0-9_-]*)\\.([A-Za-z]\\w*)(\\.[A-Za-z]\\w*)?(?:\\(\\))?`")

// fileSuffixes follow the dot in names of files, which are no mentions.
var fileSuffixes = []string{"go", "ipynb", "json", "lock", "md", "mod", "py", "sum", "txt", "yml", "zip"}

// Missing returns the names that text mentions in backquotes and the tree does
// not declare, with the line of each. A name whose package is not in the tree
// is missing too, unless standard accepts the package.
func (n Names) Missing(text string, standard func(pkg string) bool) []string {
	var missing []string
	for i, line := range strings.Split(text, "\n") {
		for _, m := range mention.FindAllStringSubmatch(line, -1) {
			pkg, name := m[1], m[1]+"."+m[2]+m[3]
			isFile := m[3] == "" && slices.Contains(fileSuffixes, m[2])
			if n[name] || isFile || !n[pkg] && standard(pkg) {
				continue
			}
			missing = append(missing, fmt.Sprintf("line %d: %s", i+1, name))
		}
	}
	return missing
}
