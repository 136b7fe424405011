package mpruntime

import (
	"context"
	"encoding"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"reflect"
	"time"
)

var (
	anyType   = reflect.TypeFor[any]()
	errorType = reflect.TypeFor[error]()
)

// registry holds the compiled types that keep their names in interfaces.
var registry = []reflect.Type{
	reflect.TypeFor[time.Duration](),
	reflect.TypeFor[time.Time](),
	reflect.TypeFor[time.Month](),
	reflect.TypeFor[time.Weekday](),
	reflect.TypeFor[big.Int](),
	reflect.TypeFor[big.Rat](),
	reflect.TypeFor[big.Float](),
	reflect.TypeFor[url.URL](),
}

func registeredName(t reflect.Type) string {
	if t.PkgPath() == "" {
		return ""
	}
	for _, r := range registry {
		if r == t {
			return t.String()
		}
	}
	return ""
}

// nameOf returns the name by which a type travels, "" if it has none.
func nameOf(names TypeNames, t reflect.Type) string {
	if names != nil {
		if name, ok := names.TypeName(t); ok {
			return name
		}
	}
	return registeredName(t)
}

// typeNamedBy is the reverse of nameOf.
func typeNamedBy(names TypeNames, name string) reflect.Type {
	if names != nil {
		if t := names.TypeNamed(name); t != nil {
			return t
		}
	}
	return registeredType(name)
}

func registeredType(name string) reflect.Type {
	for _, r := range registry {
		if r.String() == name {
			return r
		}
	}
	return nil
}

// sentinels are the errors that stay themselves.
var sentinels = []struct {
	name string
	err  error
}{
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"fs.ErrNotExist", fs.ErrNotExist},
	{"fs.ErrExist", fs.ErrExist},
	{"fs.ErrPermission", fs.ErrPermission},
	{"mp.ErrClosed", ErrClosed},
	{"mp.ErrDaemonChild", ErrDaemonChild},
	{"mp.ErrNotCopyable", ErrNotCopyable},
}

func sentinelNamed(name string) error {
	for _, s := range sentinels {
		if s.name == name {
			return s.err
		}
	}
	return nil
}

// copiedError is an error of another process.
type copiedError struct{ text string }

func (e *copiedError) Error() string { return e.text }

// basicType returns the predeclared type of a kind, nil if it has none.
func basicType(k reflect.Kind) reflect.Type {
	switch k {
	case reflect.Bool:
		return reflect.TypeFor[bool]()
	case reflect.Int:
		return reflect.TypeFor[int]()
	case reflect.Int8:
		return reflect.TypeFor[int8]()
	case reflect.Int16:
		return reflect.TypeFor[int16]()
	case reflect.Int32:
		return reflect.TypeFor[int32]()
	case reflect.Int64:
		return reflect.TypeFor[int64]()
	case reflect.Uint:
		return reflect.TypeFor[uint]()
	case reflect.Uint8:
		return reflect.TypeFor[uint8]()
	case reflect.Uint16:
		return reflect.TypeFor[uint16]()
	case reflect.Uint32:
		return reflect.TypeFor[uint32]()
	case reflect.Uint64:
		return reflect.TypeFor[uint64]()
	case reflect.Uintptr:
		return reflect.TypeFor[uintptr]()
	case reflect.Float32:
		return reflect.TypeFor[float32]()
	case reflect.Float64:
		return reflect.TypeFor[float64]()
	case reflect.Complex64:
		return reflect.TypeFor[complex64]()
	case reflect.Complex128:
		return reflect.TypeFor[complex128]()
	case reflect.String:
		return reflect.TypeFor[string]()
	}
	return nil
}

// neverCopied says why no value of t can be copied, although its fields might.
func neverCopied(t reflect.Type) string {
	switch t.PkgPath() {
	case "":
		return ""
	case "sync", "sync/atomic", "internal/sync":
		return "package " + t.PkgPath() + " works among the goroutines of one process"
	}
	switch t {
	case reflect.TypeFor[Process]():
		return "a process belongs to the one that started it"
	case reflect.TypeFor[os.File]():
		return "an open file belongs to its process: pass its name and open it there"
	}
	return ""
}

func processBound(k reflect.Kind) string {
	switch k {
	case reflect.Chan:
		return "a channel lives in one process"
	case reflect.Func:
		return "a function value refers to code and variables of this process"
	}
	return "an address means nothing in another process"
}

// mayRefer reports whether a value of type t can lead to other memory than
// strings.
func mayRefer(t reflect.Type) bool {
	if hookOf(t) != nil {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	case reflect.Array:
		return t.Len() > 0 && mayRefer(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if mayRefer(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// gobEncoder and gobDecoder are the interfaces of encoding/gob.
type (
	gobEncoder interface{ GobEncode() ([]byte, error) }
	gobDecoder interface{ GobDecode([]byte) error }
)

// hook is how a type encodes itself.
type hook struct{ binary bool }

// hookOf returns the hook of a named type whose pointer has MarshalBinary and
// UnmarshalBinary, or else GobEncode and GobDecode.
func hookOf(t reflect.Type) *hook {
	if t.PkgPath() == "" || t.Kind() == reflect.Interface {
		return nil
	}
	p := reflect.PointerTo(t)
	if p.NumMethod() < 2 {
		return nil
	}
	switch {
	case p.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) && p.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]()):
		return &hook{binary: true}
	case p.Implements(reflect.TypeFor[gobEncoder]()) && p.Implements(reflect.TypeFor[gobDecoder]()):
		return &hook{}
	}
	return nil
}

func (h *hook) encode(v reflect.Value) ([]byte, error) {
	p := reflect.New(v.Type()) // the methods may have a pointer receiver
	p.Elem().Set(v)
	if h.binary {
		return p.Interface().(encoding.BinaryMarshaler).MarshalBinary()
	}
	return p.Interface().(gobEncoder).GobEncode()
}

func (h *hook) decode(v reflect.Value, data []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCorrupt, r)
		}
	}()
	p := reflect.New(v.Type())
	data = append([]byte(nil), data...) // the methods may keep it
	if h.binary {
		err = p.Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(data)
	} else {
		err = p.Interface().(gobDecoder).GobDecode(data)
	}
	if err == nil {
		v.Set(p.Elem())
	}
	return err
}
