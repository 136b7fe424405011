package yaegi

import (
	"encoding"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
)

// sought are the interfaces that functions look for in arguments of type any: a
// value of the notebook is given to them with those of its methods, which
// compiled code could not see otherwise.
var sought = map[string]map[string][]reflect.Type{
	"fmt": {"": {reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[error]()}},
	"log": {"": {reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[error]()}},
	"encoding/json": {
		"Marshal":   {reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()},
		"Unmarshal": {reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
	},
	"encoding/xml": {
		"Marshal":   {reflect.TypeFor[xml.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()},
		"Unmarshal": {reflect.TypeFor[xml.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
	},
}

// methodsSought says for the functions of a package which interfaces they look
// for, in the form that yaegi wants (MapTypes). The empty name in sought stands
// for all that print.
func methodsSought(path string, syms map[string]reflect.Value) map[reflect.Value][]reflect.Type {
	types := map[reflect.Value][]reflect.Type{}
	for name, f := range syms {
		if f.Kind() != reflect.Func {
			continue
		}
		if list, ok := sought[path][name]; ok {
			types[f] = list
		} else if list, ok := sought[path][""]; ok && !strings.Contains(name, "can") {
			types[f] = list
		}
	}
	return types
}

// A stringer takes the place of the wrapper in which yaegi gives a value of the
// notebook to fmt as a fmt.Stringer: fmt sees through it for the verbs that do
// not ask for text.
type stringer struct {
	IValue  any
	WString func() string
}

func (s stringer) String() string { return s.WString() }

// Format implements fmt.Formatter.
func (s stringer) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') || !strings.ContainsRune("vsqxX", verb) {
		fmt.Fprintf(f, fmt.FormatString(f, verb), s.IValue)
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), s.WString())
}
