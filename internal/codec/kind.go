package codec

import (
	"os"
	"reflect"
)

var (
	anyType   = reflect.TypeFor[any]()
	errorType = reflect.TypeFor[error]()
)

// copiedError is an error of another process.
type copiedError struct {
	text    string
	wrapped []error // well-known ones
}

func (e *copiedError) Error() string { return e.text }

func (e *copiedError) Unwrap() []error { return e.wrapped }

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
	case "sync", "sync/atomic", "internal/sync":
		return "package " + t.PkgPath() + " works among the goroutines of one process"
	case "os":
		if t == reflect.TypeFor[os.File]() {
			return "an open file belongs to its process: pass its name and open it there"
		}
	}
	return ""
}

func processBound(k reflect.Kind) string {
	switch k {
	case reflect.Chan:
		return "a channel lives in one process"
	case reflect.Func:
		return "a function refers to code and variables of this process"
	}
	return "an address means nothing in another process"
}
