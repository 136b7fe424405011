package mpruntime

import (
	"fmt"
	"reflect"

	"cuaderno/internal/codec"
)

// assign sets the variable that to points to.
func assign(to, v any) error {
	p := reflect.ValueOf(to)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("mp: receiving into %s: give a pointer to a variable", typeName(to))
	}
	return assignValue(p.Elem(), v)
}

func assignValue(to reflect.Value, v any) error {
	if v == nil {
		if mayBeNil(to.Kind()) {
			to.SetZero()
			return nil
		}
		return errorf("mp: the message is nil, and %s is wanted", to.Type())
	}
	from := reflect.ValueOf(v)
	if from.Type().AssignableTo(to.Type()) {
		to.Set(from)
		return nil
	}
	if isNumber(from.Kind()) && isNumber(to.Kind()) {
		if converted, exact := convertNumber(from, to.Type()); exact {
			to.Set(converted)
			return nil
		}
		return errorf("mp: the message, the %s %v, is no %s", from.Type(), v, to.Type())
	}
	return mismatch(from.Type(), to.Type())
}

// mismatch says why a message of one type is none of another, which may have the
// same name: the user has declared it again since the message was made.
func mismatch(sent, wanted reflect.Type) error {
	old, again := sent, wanted
	for old.Name() == "" && old.Kind() == again.Kind() {
		switch old.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			old, again = old.Elem(), again.Elem()
			continue
		}
		break
	}
	if old == again || codec.TypeName(sent) != codec.TypeName(wanted) {
		return errorf("mp: the message is of type %s, and %s is wanted", sent, wanted)
	}
	from, since := "an earlier cell", "it"
	if host := here.getHost(); host != nil {
		if symbols, ok := host.Domain().Symbols.(interface{ Cell(t reflect.Type) string }); ok {
			if cell := symbols.Cell(old); cell != "" {
				from = cell
			}
			if cell := symbols.Cell(again); cell != "" {
				since = cell
			}
		}
	}
	if since == "it" {
		return errorf("mp: the message is of type %s, with %s as %s declared it: %s was declared again since", sent, old, from, old)
	}
	return errorf("mp: the message is of type %s, with %s as %s declared it: %s has declared %s again since", sent, old, from, since, old)
}

// convertNumber returns x as a t, and whether no value is lost.
func convertNumber(x reflect.Value, t reflect.Type) (converted reflect.Value, exact bool) {
	converted = x.Convert(t)
	return converted, converted.Convert(x.Type()).Equal(x) && isNegative(converted) == isNegative(x)
}

func mayBeNil(k reflect.Kind) bool {
	switch k {
	case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan:
		return true
	}
	return false
}

func isNumber(k reflect.Kind) bool {
	return reflect.Int <= k && k <= reflect.Float64 && k != reflect.Uintptr
}

func isNegative(v reflect.Value) bool {
	switch {
	case v.CanInt():
		return v.Int() < 0
	case v.CanFloat():
		return v.Float() < 0
	}
	return false
}
