package yaegi

import (
	"errors"
	"maps"
	"reflect"
	"strings"

	"cuaderno/interp/engine"
)

// runtimeSymbols are what lowered code calls, as package rtʹ. print and println
// are the session's.
func runtimeSymbols(print map[string]reflect.Value) map[string]reflect.Value {
	syms := map[string]reflect.Value{
		"Frame":         reflect.ValueOf((*engine.Frame)(nil)),
		"Enter":         reflect.ValueOf(engine.Enter),
		"At":            reflect.ValueOf(engine.At),
		"Leave":         reflect.ValueOf(engine.Leave),
		"Check":         reflect.ValueOf(engine.Check),
		"Start":         reflect.ValueOf(engine.Start),
		"StartSpread":   reflect.ValueOf(engine.StartSpread),
		"Guard":         reflect.ValueOf(engine.Guard),
		"Recovered":     reflect.ValueOf(recovered),
		"Deferred":      reflect.ValueOf(engine.Deferred),
		"Result":        reflect.ValueOf(func(v any) { setResult(engine.Value{V: v}) }),
		"ResultText":    reflect.ValueOf(func(v any, text string) { setResult(engine.Value{V: v, Text: text, HasText: true}) }),
		"ResultOrError": reflect.ValueOf(func(v any, err error) { setResult(engine.Value{V: v, Err: err}) }),
		"LastError":     reflect.ValueOf(lastError),
		"Ignored":       reflect.ValueOf(ignored),
		"Target":        reflect.ValueOf(func(name, label string) any { return engine.Target{Name: name, Label: label} }),
		"Literal": reflect.ValueOf(func(name string, captures ...any) any {
			return engine.Target{Name: name, Label: "function literal", Literal: true, Captures: captures}
		}),
		"Method": reflect.ValueOf(func(name, label string, recv any) any {
			return engine.Target{Name: name, Label: label, Recv: recv, Method: true}
		}),
	}
	maps.Copy(syms, print)
	return syms
}

func setResult(v engine.Value) {
	if g := engine.Current(); g != nil {
		g.Cell.SetResult(v)
	}
}

func ignored(err error) {
	if g := engine.Current(); g != nil && err != nil {
		g.Cell.Ignored(err)
	}
}

func lastError(err error) {
	if err != nil {
		setResult(engine.Value{Err: err})
	}
}

// recovered turns what yaegi's recover returns into what Go's would. What the
// literal around a deferred call has recovered is for the function that it calls.
func recovered(frame *engine.Frame, v any) any {
	if v == nil {
		v = frame.Recover()
	}
	return PanicValue(v)
}

// PanicValue returns what Go would have panicked with where yaegi panics with v.
func PanicValue(v any) any {
	if rv, ok := v.(reflect.Value); ok {
		if !rv.IsValid() {
			return nil
		}
		v = rv.Interface()
	}
	switch v := v.(type) {
	case *reflect.ValueError:
		return runtimeError("invalid memory address or nil pointer dereference")
	case string:
		if text, ok := strings.CutPrefix(v, "reflect: "); ok {
			return runtimeError(runtimeText(text))
		}
		if text, ok := strings.CutPrefix(v, "reflect."); ok {
			return runtimeError(runtimeText(text))
		}
	case error:
		var rt interface{ RuntimeError() }
		if !errors.As(v, &rt) && strings.Contains(v.Error(), ": interface conversion: ") {
			_, text, _ := strings.Cut(v.Error(), ": interface conversion: ")
			return conversionError("interface conversion: " + text)
		}
	}
	return v
}

func runtimeText(text string) string {
	switch {
	case strings.Contains(text, "index out of range"):
		return "index out of range"
	case strings.Contains(text, "slice bounds"), strings.Contains(text, "slice index out of bounds"):
		return "slice bounds out of range"
	case strings.HasPrefix(text, "MakeSlice: negative len"):
		return "makeslice: len out of range"
	case strings.HasPrefix(text, "call of reflect.Value."), strings.Contains(text, "nil"):
		return "invalid memory address or nil pointer dereference"
	}
	return text
}

// A runtimeError is a runtime.Error that yaegi reports as a string.
type runtimeError string

func (e runtimeError) Error() string { return "runtime error: " + string(e) }
func (e runtimeError) RuntimeError() {}

type conversionError string

func (e conversionError) Error() string { return string(e) }
func (e conversionError) RuntimeError() {}
