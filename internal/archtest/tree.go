package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A File is one Go source file of the tree.
type File struct {
	// Path is relative to the root of the module, with slashes.
	Path    string
	Imports []string
	// Unsafe tells that the file imports unsafe or has a go:linkname directive,
	// Linkname that it has one.
	Unsafe, Linkname bool
	Syntax           *ast.File
}

// IsTest reports whether the file belongs to the tests of its package.
func (f File) IsTest() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Tree parses the Go files of the module at root, whatever their build
// constraints, in the order of their paths. It leaves out testdata, hidden
// directories, and the directories below the root that are named in skip.
func Tree(root string, skip ...string) ([]File, error) {
	var files []File
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && rel != "."
			if hidden || entry.Name() == "testdata" || slices.Contains(skip, rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		file, err := parse(fset, name, rel)
		if err != nil {
			return err
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the tree: %w", err)
	}
	return files, nil
}

func parse(fset *token.FileSet, name, rel string) (File, error) {
	source, err := os.ReadFile(name)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", rel, err)
	}
	syntax, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, fmt.Errorf("parsing %s: %w", rel, err)
	}
	file := File{Path: rel, Syntax: syntax}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return File{}, fmt.Errorf("parsing %s: %w", rel, err)
		}
		file.Imports = append(file.Imports, imported)
		file.Unsafe = file.Unsafe || imported == "unsafe"
	}
	for _, group := range syntax.Comments {
		for _, comment := range group.List {
			file.Linkname = file.Linkname || strings.HasPrefix(comment.Text, "//go:linkname ")
		}
	}
	file.Unsafe = file.Unsafe || file.Linkname
	return file, nil
}
