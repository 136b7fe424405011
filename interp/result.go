package interp

import (
	"fmt"
	"go/types"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"cuaderno/interp/check"
	"cuaderno/interp/display"
	"cuaderno/interp/engine"
)

// result returns the bundle that shows the value of a cell's last expression,
// nil if it has none to show.
func result(v engine.Value, unit *check.Unit) *display.Bundle {
	if !v.Set || unit.Last == nil || unit.Result == check.ErrorResult {
		return nil
	}
	if _, shown := v.V.(*display.Handle); shown {
		return nil
	}
	if v.HasText {
		b := display.Text(v.Text)
		return &b
	}
	if b, ok := display.Rich(v.V); ok {
		return &b
	}
	if isStringer(v.V) {
		b := display.Text(fmt.Sprint(v.V))
		return &b
	}
	t := unit.Info.TypeOf(unit.Last)
	if tuple, ok := t.(*types.Tuple); ok {
		t = tuple.At(0).Type()
	}
	var w literalWriter
	w.write(reflect.ValueOf(v.V), t, 0)
	b := display.Text(w.b.String())
	return &b
}

func isStringer(v any) bool {
	switch v.(type) {
	case fmt.Stringer, error:
		return true
	}
	return false
}

// A literalWriter writes values as the Go literals that would make them, with
// the names that types have in the notebook: the engine's values do not know
// them, so the static type is followed along.
type literalWriter struct{ b strings.Builder }

const (
	maxDepth    = 6
	maxElements = 200      // of one list, map or struct
	maxText     = 64 << 10 // bytes in all
)

// full says that no more is to be written.
func (w *literalWriter) full() bool { return w.b.Len() > maxText }

func (w *literalWriter) write(v reflect.Value, t types.Type, depth int) {
	for v.IsValid() && v.Kind() == reflect.Interface && !v.IsNil() {
		v, t = v.Elem(), nil
	}
	if !v.IsValid() {
		w.b.WriteString("nil")
		return
	}
	if depth > maxDepth || w.full() {
		w.b.WriteString("…")
		return
	}
	if v.CanInterface() && depth > 0 && isStringer(v.Interface()) && !(v.Kind() == reflect.Pointer && v.IsNil()) {
		fmt.Fprint(&w.b, v.Interface())
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.b.WriteString(strconv.Quote(v.String()))
	case reflect.Float32, reflect.Float64:
		w.b.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()))
	case reflect.Slice, reflect.Array:
		w.list(v, t, depth)
	case reflect.Map:
		w.mapping(v, t, depth)
	case reflect.Struct:
		w.structure(v, t, depth)
	case reflect.Pointer:
		if v.IsNil() || depth > 0 && v.Elem().Kind() != reflect.Struct {
			w.other(v)
			return
		}
		w.b.WriteByte('&')
		w.write(v.Elem(), elem(t), depth+1)
	case reflect.Func:
		w.b.WriteString(typeName(v, t))
	default:
		w.other(v)
	}
}

func (w *literalWriter) other(v reflect.Value) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		w.b.WriteString("nil")
		return
	}
	fmt.Fprintf(&w.b, "%v", v)
}

func (w *literalWriter) list(v reflect.Value, t types.Type, depth int) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		w.b.WriteString(typeName(v, t) + "(nil)")
		return
	}
	w.b.WriteString(typeName(v, t) + "{")
	for i := range v.Len() {
		if i > 0 {
			w.b.WriteString(", ")
		}
		if i == maxElements || w.full() {
			fmt.Fprintf(&w.b, "… %d more", v.Len()-i)
			break
		}
		w.write(v.Index(i), elem(t), depth+1)
	}
	w.b.WriteByte('}')
}

func (w *literalWriter) mapping(v reflect.Value, t types.Type, depth int) {
	w.b.WriteString(typeName(v, t) + "{")
	var key types.Type
	if m, ok := underlying(t).(*types.Map); ok {
		key = m.Key()
	}
	var entries []string
	size := 0
	for it := v.MapRange(); it.Next() && len(entries) < maxElements && size < maxText; {
		var e literalWriter
		e.write(it.Key(), key, depth+1)
		e.b.WriteString(": ")
		e.write(it.Value(), elem(t), depth+1)
		entries = append(entries, e.b.String())
		size += e.b.Len()
	}
	sort.Strings(entries)
	if more := v.Len() - len(entries); more > 0 {
		entries = append(entries, fmt.Sprintf("… %d more", more))
	}
	w.b.WriteString(strings.Join(entries, ", ") + "}")
}

func (w *literalWriter) structure(v reflect.Value, t types.Type, depth int) {
	w.b.WriteString(typeName(v, t) + "{")
	s, _ := underlying(t).(*types.Struct)
	separator := ""
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Type().PkgPath() != "" && !v.Type().Field(i).IsExported() {
			continue // of a compiled package: its own business, and perhaps in use
		}
		w.b.WriteString(separator)
		separator = ", "
		var field types.Type
		if s != nil && i < s.NumFields() {
			name, field = s.Field(i).Name(), s.Field(i).Type()
		}
		w.b.WriteString(name + ": ")
		w.write(v.Field(i), field, depth+1)
	}
	w.b.WriteByte('}')
}

func elem(t types.Type) types.Type {
	switch t := underlying(t).(type) {
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	case *types.Map:
		return t.Elem()
	case *types.Pointer:
		return t.Elem()
	}
	return nil
}

func underlying(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	return t.Underlying()
}

// typeName returns the name of v's type, as the notebook calls it if known.
func typeName(v reflect.Value, t types.Type) string {
	if t == nil || types.IsInterface(t) {
		return strings.NewReplacer("interface {}", "any", "mpruntime.", "mp.").Replace(v.Type().String())
	}
	return types.TypeString(t, func(pkg *types.Package) string {
		switch pkg.Path() {
		case "main":
			return ""
		case "cuaderno/mpruntime":
			return "mp"
		}
		return pkg.Name()
	})
}
