package symbols_test

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"io"
	"math"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/stdlib"
	"cuaderno/interp/symbols"
)

func mustPackage(t *testing.T, path string) map[string]reflect.Value {
	t.Helper()
	_, syms, ok := symbols.Package(path)
	if !ok {
		t.Fatalf("Package(%q) is unknown", path)
	}
	return syms
}

func TestFunctionsCanBeCalled(t *testing.T) {
	out := mustPackage(t, "fmt")["Sprintf"].Call([]reflect.Value{reflect.ValueOf("%03d"), reflect.ValueOf(7)})
	if got := out[0].String(); got != "007" {
		t.Errorf("fmt.Sprintf = %q, want 007", got)
	}
}

func TestVariablesAreTheRealOnes(t *testing.T) {
	args := mustPackage(t, "os")["Args"]
	if !args.CanSet() {
		t.Fatal("os.Args cannot be set")
	}
	if args.Addr().Interface() != any(&os.Args) {
		t.Error("os.Args is a copy")
	}
	if got := mustPackage(t, "io")["EOF"].Interface(); got != io.EOF {
		t.Errorf("io.EOF = %v", got)
	}
}

func TestConstantsAreExact(t *testing.T) {
	syms := mustPackage(t, "math")
	for name, want := range map[string]float64{
		"Pi": math.Pi, "MaxFloat64": math.MaxFloat64, "SmallestNonzeroFloat64": math.SmallestNonzeroFloat64,
	} {
		c, ok := syms[name].Interface().(constant.Value)
		if !ok {
			t.Errorf("math.%s is a %s, want a constant.Value", name, syms[name].Type())
			continue
		}
		if got, _ := constant.Float64Val(c); got != want {
			t.Errorf("math.%s = %v, want %v", name, got, want)
		}
	}
	if got, exact := constant.Uint64Val(syms["MaxUint64"].Interface().(constant.Value)); got != math.MaxUint64 || !exact {
		t.Errorf("math.MaxUint64 = %d", got)
	}
	if got := mustPackage(t, "os")["O_RDWR"].Interface(); got != os.O_RDWR {
		t.Errorf("os.O_RDWR = %v, want %d", got, os.O_RDWR)
	}
}

func TestTypesAreNilPointers(t *testing.T) {
	v := mustPackage(t, "bytes")["Buffer"]
	if v.Type() != reflect.TypeFor[*bytes.Buffer]() || !v.IsNil() {
		t.Errorf("bytes.Buffer is %v", v)
	}
}

func TestWrapperImplementsItsInterface(t *testing.T) {
	typ := mustPackage(t, "io")["_Reader"].Type().Elem()
	if typ.Field(0).Name != "IValue" {
		t.Fatalf("first field is %s, want IValue", typ.Field(0).Name)
	}
	w := reflect.New(typ).Elem()
	w.FieldByName("WRead").Set(reflect.ValueOf(strings.NewReader("hola").Read))
	got, err := io.ReadAll(w.Interface().(io.Reader))
	if string(got) != "hola" || err != nil {
		t.Errorf("ReadAll = %q, %v", got, err)
	}
}

// Every wrapper must convert to its interface, or an interpreted value could
// not become one.
func TestEveryWrapperFits(t *testing.T) {
	n := 0
	for _, path := range symbols.Paths() {
		syms := mustPackage(t, path)
		for name, v := range syms {
			base, ok := strings.CutPrefix(name, "_")
			if !ok {
				continue
			}
			n++
			iface := syms[base].Type().Elem()
			if !v.Type().Elem().Implements(iface) {
				t.Errorf("%s.%s does not implement %s", path, name, iface)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d wrappers", n)
	}
}

func TestStringerWithoutStringPrintsNothing(t *testing.T) {
	w := reflect.New(mustPackage(t, "fmt")["_Stringer"].Type().Elem()).Elem()
	if got := fmt.Sprint(w.Interface()); got != "" {
		t.Errorf("Sprint = %q", got)
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

func TestNames(t *testing.T) {
	if name, _, ok := symbols.Package("math/rand/v2"); name != "rand" || !ok {
		t.Errorf("math/rand/v2 is named %q, %v", name, ok)
	}
	if _, _, ok := symbols.Package("no/such/package"); ok {
		t.Error("an unknown package was found")
	}
}

// The tables and the type checker's data are two views of one library: every
// exported object of the one is in the other, and constants have one value.
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
		name, syms, ok := symbols.Package(path)
		if !ok || name != pkg.Name() {
			t.Errorf("%s is named %q (%v), want %q", path, name, ok, pkg.Name())
		}
		for _, name := range pkg.Scope().Names() {
			obj := pkg.Scope().Lookup(name)
			v, ok := syms[name]
			if !obj.Exported() {
				continue
			}
			if ok == isGenericOnly(obj) {
				t.Errorf("%s: in the table: %v", obj, ok)
			}
			if c, isConst := obj.(*types.Const); isConst && ok {
				if got := constantOf(v); !equal(got, c.Val()) {
					t.Errorf("%s: the table has %v", c, v)
				}
			}
			if _, isType := obj.(*types.TypeName); isType && ok && v.Kind() != reflect.Pointer {
				t.Errorf("%s: the table has %s", obj, v.Type())
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

func constantOf(v reflect.Value) constant.Value {
	if c, ok := v.Interface().(constant.Value); ok {
		return c
	}
	switch {
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	}
	return constant.MakeUnknown()
}

// equal compares exactly, but floats only to the bits that go/constant keeps.
func equal(a, b constant.Value) bool {
	if a.Kind() == constant.Unknown || b.Kind() == constant.Unknown {
		return false
	}
	if constant.Compare(a, token.EQL, b) {
		return true
	}
	if a.Kind() != constant.Float {
		return false
	}
	diff := constant.BinaryOp(constant.BinaryOp(a, token.SUB, b), token.QUO, b)
	tiny := constant.MakeFromLiteral("1e-150", token.FLOAT, 0)
	return constant.Compare(diff, token.LSS, tiny) && constant.Compare(constant.UnaryOp(token.SUB, diff, 0), token.LSS, tiny)
}

func TestErrorsPassThrough(t *testing.T) {
	out := mustPackage(t, "errors")["Is"].Call([]reflect.Value{reflect.ValueOf(fmt.Errorf("x: %w", io.EOF)), reflect.ValueOf(io.EOF)})
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
	imp, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	paths := symbols.Paths()
	for _, path := range strings.Fields(string(out)) {
		if strings.HasPrefix(path, "vendor/") || slices.Contains(strings.Split(path, "/"), "internal") {
			continue
		}
		if _, ok := absent[path]; ok == slices.Contains(paths, path) {
			t.Errorf("%s: named as absent %v, in the tables %v", path, ok, ok)
		}
		if !slices.Contains(paths, path) {
			continue
		}
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, name := range pkg.Scope().Names() {
			if obj := pkg.Scope().Lookup(name); obj.Exported() && !isGenericOnly(obj) {
				want++
			}
		}
		got := 0
		for name := range mustPackage(t, path) {
			if !strings.HasPrefix(name, "_") {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d symbols, it exports %d", path, got, want)
		}
	}
}
