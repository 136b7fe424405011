package interp

import (
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuaderno/internal/codec"
	"cuaderno/interp/check"
	"cuaderno/interp/display"
	"cuaderno/interp/engine"
	"cuaderno/interp/lang"
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
		b := display.Text(lang.Shorten(v.Text, maxText))
		return &b
	}
	if b, ok := display.Rich(v.V); ok {
		return &b
	}
	tuple, ok := v.V.(engine.Tuple)
	if !ok {
		tuple = engine.Tuple{v.V}
	}
	texts := make([]string, len(tuple))
	for i, value := range tuple {
		texts[i] = resultText(value)
	}
	b := display.Text(strings.Join(texts, ", "))
	return &b
}

func resultText(v any) string {
	if isStringer(v) {
		return lang.Shorten(fmt.Sprint(v), maxText)
	}
	var w literalWriter
	w.write(reflect.ValueOf(v), 0)
	return w.b.String()
}

func isStringer(v any) bool {
	switch v.(type) {
	case fmt.Stringer, error:
		return true
	}
	return false
}

// A literalWriter writes values as the Go literals that would make them, with
// the names that types have in the notebook.
type literalWriter struct{ b strings.Builder }

const (
	maxDepth    = 6
	maxElements = 200      // of one list, map or struct
	maxText     = 64 << 10 // bytes in all, about, and of one string
)

// full says that no more is to be written.
func (w *literalWriter) full() bool { return w.b.Len() > maxText }

func (w *literalWriter) write(v reflect.Value, depth int) {
	for v.IsValid() && v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
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
		w.b.WriteString(lang.Shorten(fmt.Sprint(v.Interface()), maxText))
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.quote(v.String())
	case reflect.Float32, reflect.Float64:
		w.b.WriteString(strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()))
	case reflect.Slice, reflect.Array:
		w.list(v, depth)
	case reflect.Map:
		w.mapping(v, depth)
	case reflect.Struct:
		w.structure(v, depth)
	case reflect.Pointer:
		if v.IsNil() || depth > 0 && !isComposite(v.Elem().Kind()) {
			w.other(v)
			return
		}
		w.b.WriteByte('&')
		w.write(v.Elem(), depth+1)
	case reflect.Func:
		w.b.WriteString(typeName(v.Type()))
	default:
		w.other(v)
	}
}

// quote writes a string, or of a long one the beginning.
func (w *literalWriter) quote(s string) {
	n := min(len(s), maxText)
	for n < len(s) && n > maxText-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	w.b.WriteString(strconv.Quote(s[:n]))
	if n < len(s) {
		fmt.Fprintf(&w.b, "… (%d bytes more)", len(s)-n)
	}
}

// isComposite reports whether a pointer to a value of kind k is shown as what it
// leads to, within other values: as fmt does.
func isComposite(k reflect.Kind) bool {
	return k == reflect.Struct || k == reflect.Slice || k == reflect.Array || k == reflect.Map
}

// other writes a value that takes little room.
func (w *literalWriter) other(v reflect.Value) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		w.b.WriteString("nil")
		return
	}
	fmt.Fprintf(&w.b, "%v", v)
}

func (w *literalWriter) list(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		w.b.WriteString(typeName(v.Type()) + "(nil)")
		return
	}
	w.b.WriteString(typeName(v.Type()) + "{")
	for i := range v.Len() {
		if i > 0 {
			w.b.WriteString(", ")
		}
		if i == maxElements || w.full() {
			fmt.Fprintf(&w.b, "… %d more", v.Len()-i)
			break
		}
		w.write(v.Index(i), depth+1)
	}
	w.b.WriteByte('}')
}

func (w *literalWriter) mapping(v reflect.Value, depth int) {
	w.b.WriteString(typeName(v.Type()) + "{")
	var entries []string
	size := 0
	for it := v.MapRange(); it.Next() && len(entries) < maxElements && size < maxText; {
		var e literalWriter
		e.write(it.Key(), depth+1)
		e.b.WriteString(": ")
		e.write(it.Value(), depth+1)
		entries = append(entries, e.b.String())
		size += e.b.Len()
	}
	sort.Strings(entries)
	if more := v.Len() - len(entries); more > 0 {
		entries = append(entries, fmt.Sprintf("… %d more", more))
	}
	w.b.WriteString(strings.Join(entries, ", ") + "}")
}

func (w *literalWriter) structure(v reflect.Value, depth int) {
	w.b.WriteString(typeName(v.Type()) + "{")
	separator := ""
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() && f.PkgPath != "main" {
			continue // of a compiled package: its own business, and perhaps in use
		}
		w.b.WriteString(separator)
		separator = ", "
		w.b.WriteString(f.Name + ": ")
		w.write(v.Field(i), depth+1)
	}
	w.b.WriteByte('}')
}

// typeName returns the name of a type as the notebook calls it.
func typeName(t reflect.Type) string { return codec.TypeName(t) }
