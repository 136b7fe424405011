package rtype_test

import (
	"database/sql"
	"encoding/xml"
	"go/ast"
	"go/token"
	"go/types"
	"html/template"
	"image"
	"log/slog"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"cuaderno/interp/rtype"
)

// TestStandardLibrary makes types of the standard library anew, with all that
// they reach, and compares them with the compiled ones.
func TestStandardLibrary(t *testing.T) {
	imp, err := importer()
	if err != nil {
		t.Fatal(err)
	}
	aligned := reflect.TypeFor[atomic.Int64]().Field(1).Type
	set := rtype.NewTypes(func(obj *types.TypeName) reflect.Type {
		// The compiler aligns this type by its name.
		if obj.Name() == aligned.Name() && obj.Pkg().Path() == aligned.PkgPath() {
			return aligned
		}
		return nil
	}, nil)
	set.Alone()
	c := comparison{t, map[[2]reflect.Type]bool{}}
	for _, p := range []any{
		(*http.Server)(nil), (*http.Transport)(nil), (*ast.File)(nil), (*template.Template)(nil), (*sql.DB)(nil), (*xml.Decoder)(nil),
		(*image.NRGBA)(nil), (*big.Rat)(nil), (*slog.Logger)(nil), (*testing.T)(nil), (*types.Package)(nil), (*token.FileSet)(nil), (*reflect.Value)(nil),
	} {
		want := reflect.TypeOf(p).Elem()
		pkg, err := imp.Import(want.PkgPath())
		if err != nil {
			t.Fatal(err)
		}
		got, err := set.Make(pkg.Scope().Lookup(want.Name()).Type())
		if err != nil {
			t.Errorf("%v: %v", want, err)
			continue
		}
		if got == want {
			t.Errorf("%v was found, not made", want)
		}
		c.compare(strings.TrimPrefix(want.String(), "*"), got, want)
	}
	if len(c.seen) < 1000 {
		t.Errorf("compared %d types only", len(c.seen))
	}
}
