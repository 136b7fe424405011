package codec_test

import (
	"errors"
	"reflect"
)

// names are the Symbols of a test that has types only.
type names map[string]reflect.Type

func (n names) TypeName(t reflect.Type) (string, bool) {
	for name, known := range n {
		if known == t {
			return name, true
		}
	}
	return "", false
}

func (n names) TypeNamed(name string) reflect.Type { return n[name] }

var errNoFunctions = errors.New("this process names no functions")

func (names) FunctionName(reflect.Value) (string, []reflect.Value, error) {
	return "", nil, errNoFunctions
}
func (names) Captures(string) ([]reflect.Type, error) { return nil, errNoFunctions }
func (names) FunctionNamed(string, []reflect.Value) (reflect.Value, error) {
	return reflect.Value{}, errNoFunctions
}
