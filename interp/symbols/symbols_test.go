package symbols_test

import (
	"fmt"
	"go/types"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/stdlib"
	"cuaderno/interp/symbols"
)

func lookup(t *testing.T, path, name string) reflect.Value {
	t.Helper()
	v, ok := symbols.Lookup(path, name)
	if !ok {
		t.Fatalf("%s.%s is unknown", path, name)
	}
	return v
}

func TestFunctionsCanBeCalled(t *testing.T) {
	out := lookup(t, "fmt", "Sprintf").Call([]reflect.Value{reflect.ValueOf("%03d"), reflect.ValueOf(7)})
	if got := out[0].String(); got != "007" {
		t.Errorf("fmt.Sprintf = %q, want 007", got)
	}
}

func TestVariablesAreTheRealOnes(t *testing.T) {
	args := lookup(t, "os", "Args")
	if !args.CanSet() {
		t.Fatal("os.Args cannot be set")
	}
	if args.Addr().Interface() != any(&os.Args) {
		t.Error("os.Args is a copy")
	}
	if got := lookup(t, "io", "EOF").Interface(); got != io.EOF {
		t.Errorf("io.EOF = %v", got)
	}
}

func TestPaths(t *testing.T) {
	paths := symbols.Paths()
	if !slices.IsSorted(paths) {
		t.Error("not sorted")
	}
	for _, p := range []string{"fmt", "net/http", "math/rand/v2", "time/tzdata", "cuaderno/interp/display"} {
		if !slices.Contains(paths, p) {
			t.Errorf("%s is missing", p)
		}
	}
	for _, p := range paths {
		if strings.Contains(p, "internal") || strings.HasPrefix(p, "vendor/") || strings.HasPrefix(p, "cmd/") {
			t.Errorf("%s is offered", p)
		}
	}
}

// The tables and the type checker's data are two views of one library: every
// exported function, variable and type of the one is in the other, of one form.
func TestTablesAgreeWithTypes(t *testing.T) {
	imp, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := symbols.Paths(), imp.Paths(); !slices.Equal(got, want) {
		t.Fatalf("tables for %q, types for %q", got, want)
	}
	for _, path := range imp.Paths() {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range pkg.Scope().Names() {
			obj := pkg.Scope().Lookup(name)
			if !obj.Exported() {
				continue
			}
			v, isValue := symbols.Lookup(path, name)
			typ := symbols.Type(path, name)
			switch obj.(type) {
			case *types.Const:
				if isValue || typ != nil {
					t.Errorf("%s is in the table", obj)
				}
			case *types.Func:
				if isValue == isGenericOnly(obj) || typ != nil {
					t.Errorf("%s: a value in the table: %v, a type: %v", obj, isValue, typ)
				}
				if isValue && v.Kind() != reflect.Func {
					t.Errorf("%s: the table has %s", obj, v.Type())
				}
			case *types.Var:
				if !isValue || !v.CanAddr() || typ != nil {
					t.Errorf("%s: the table has %v and the type %v", obj, v, typ)
				}
			case *types.TypeName:
				if isValue || (typ == nil) != isGenericOnly(obj) {
					t.Errorf("%s: a value in the table: %v, a type: %v", obj, isValue, typ)
				}
			}
		}
	}
}

// isGenericOnly reports whether obj exists only with type arguments, or as a
// constraint.
func isGenericOnly(obj types.Object) bool {
	switch t := obj.Type().(type) {
	case *types.Signature:
		_, isFunc := obj.(*types.Func)
		return isFunc && t.TypeParams().Len() > 0
	case *types.Named:
		iface, ok := t.Underlying().(*types.Interface)
		_, isType := obj.(*types.TypeName)
		return isType && (t.TypeParams().Len() > 0 || ok && !iface.IsMethodSet())
	}
	return false
}

func TestErrorsPassThrough(t *testing.T) {
	out := lookup(t, "errors", "Is").Call([]reflect.Value{reflect.ValueOf(fmt.Errorf("x: %w", io.EOF)), reflect.ValueOf(io.EOF)})
	if !out[0].Bool() {
		t.Error("errors.Is through the table is false")
	}
}

// absent are the public packages that cells do not have.
var absent = map[string]string{
	"plugin":       "loads code that was compiled for a program: needs cgo and a toolchain",
	"runtime/asan": "instruments a whole build",
	"runtime/cgo":  "is part of what cgo generates",
	"runtime/msan": "instruments a whole build",
	"runtime/race": "instruments a whole build",
	"unsafe":       "is part of the language: it has no symbols",
}

func TestEveryPublicPackageIsThere(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "std")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running go list std: %v", err)
	}
	paths := symbols.Paths()
	for _, path := range strings.Fields(string(out)) {
		if strings.HasPrefix(path, "vendor/") || slices.Contains(strings.Split(path, "/"), "internal") {
			continue
		}
		if _, ok := absent[path]; ok == slices.Contains(paths, path) {
			t.Errorf("%s: named as absent %v, in the tables %v", path, ok, ok)
		}
	}
}
