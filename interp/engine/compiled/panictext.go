package compiled

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"cuaderno/interp/engine"
)

// PanicText returns what Go prints after "panic: " when the panic with value v
// ends a process (runtime/panic.go, printpanics): the panics that it replaced
// come first. g is the goroutine that it ended, nil if that is not known. Where
// Go prints an address, the value stands instead.
func (e *Engine) PanicText(g *engine.Goroutine, v any) string {
	p := &panicking{value: v}
	if g != nil {
		if th, ok := g.Local.(*thread); ok && th.raised != nil && sameValue(th.raised.value, v) {
			p = th.raised
		}
	}
	var lines []string
	for again := false; p != nil; p = p.before {
		mark := ""
		switch {
		case p.recovered && again:
			mark = " [recovered, repanicked]"
		case p.recovered:
			mark = " [recovered]"
		}
		if again {
			lines = lines[:len(lines)-1]
		}
		lines = append(lines, panicText(p.value)+mark)
		again = p.before != nil && sameValue(p.before.value, p.value)
	}
	text := lines[len(lines)-1]
	for i := len(lines) - 2; i >= 0; i-- {
		text += "\n\tpanic: " + lines[i]
	}
	return text
}

// panicText is the text of one panic's value.
func panicText(v any) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprintf("panic while printing panic value: type %T", r)
		}
	}()
	switch v := v.(type) {
	case nil:
		return "nil"
	case error:
		return indented(v.Error())
	case fmt.Stringer:
		return indented(v.String())
	}
	rv := reflect.ValueOf(v)
	t := rv.Type()
	var basic string
	switch rv.Kind() {
	case reflect.String:
		basic = indented(rv.String())
		if t != reflect.TypeFor[string]() {
			basic = `"` + basic + `"`
		}
	case reflect.Bool:
		basic = strconv.FormatBool(rv.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		basic = strconv.FormatInt(rv.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		basic = strconv.FormatUint(rv.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		basic = strconv.FormatFloat(rv.Float(), 'g', -1, t.Bits())
	case reflect.Complex64, reflect.Complex128:
		// The parentheses of a named type's are the number's own.
		number := strconv.FormatComplex(rv.Complex(), 'g', -1, t.Bits())
		if t.PkgPath() != "" {
			number = t.String() + number
		}
		return number
	default:
		return indented(fmt.Sprintf("(%s) %+v", t, v))
	}
	if t.PkgPath() == "" {
		return basic
	}
	return t.String() + "(" + basic + ")"
}

// indented lets the lines of a text that follow the first begin with a tab.
func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n\t") }
