package interp

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"cuaderno/internal/codec"
)

// This file says in a few words why the value of a variable was not kept.

// What is said of objects of package sync that are not at rest.
const (
	locked = "locked"
	inUse  = "in use"
)

// lossOf returns why a variable of that name is lost, in a few words.
func (c *checkpoints) lossOf(err error, v reflect.Value) string {
	var refusal *codec.NotCopyableError
	switch {
	case errors.Is(err, codec.ErrTooLarge):
		if n := sizeOf(v); n > c.size {
			return fmt.Sprintf("too large: %d MB, and there is room for %d MB in all", n>>20, c.size>>20)
		}
		return fmt.Sprintf("too large: there is room for %d MB in all", c.size>>20)
	case errors.Is(err, codec.ErrTooLong):
		return fmt.Sprintf("it takes too long to copy: there are %d ms for all that has changed", checkpointTime.Milliseconds())
	case !errors.As(err, &refusal):
		return strings.TrimPrefix(err.Error(), "mp: ")
	}
	what := article(refusal.Type)
	if refusal.Why == locked || refusal.Why == inUse {
		what += ", and it is " + refusal.Why
	}
	if name, _, direct := strings.Cut(refusal.Path, "."); direct || strings.ContainsAny(name, "[' ") {
		return refusal.Path + " is " + what
	}
	return what
}

// article puts the indefinite article before the name of a type.
func article(name string) string {
	switch {
	case strings.HasPrefix(name, "chan"), strings.HasPrefix(name, "<-chan"):
		return "a channel"
	case strings.HasPrefix(name, "func("):
		return "a function of a compiled package"
	case name != "" && strings.ContainsRune("aeiouAEIOU", rune(strings.TrimLeft(name, "*")[0])) || strings.HasPrefix(name, "*mp.") || strings.HasPrefix(name, "mp."):
		return "an " + name
	}
	return "a " + name
}

// sizeOf returns the bytes of a slice or text, 0 for other values.
func sizeOf(v reflect.Value) int {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() * int(v.Type().Elem().Size())
	case reflect.String:
		return v.Len()
	}
	return 0
}
