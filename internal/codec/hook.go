package codec

import (
	"encoding"
	"fmt"
	"reflect"
)

// gobEncoder and gobDecoder are the interfaces of encoding/gob.
type (
	gobEncoder interface{ GobEncode() ([]byte, error) }
	gobDecoder interface{ GobDecode([]byte) error }
)

// A hook is how a type encodes itself.
type hook uint8

const (
	hookNone   hook = iota
	hookBinary      // MarshalBinary and UnmarshalBinary
	hookGob         // GobEncode and GobDecode
	hookText        // MarshalText and UnmarshalText
)

// hookOf returns the hook of a named type whose pointer has such methods. travels
// is false for a struct whose fields do not all travel; only such a one goes as
// text, which may say less than its fields.
func hookOf(t reflect.Type, travels bool) hook {
	if t.PkgPath() == "" || t.Kind() == reflect.Interface {
		return hookNone
	}
	h := methods(t)
	if h == hookText && travels || travels && promoted(t) {
		return hookNone
	}
	return h
}

func methods(t reflect.Type) hook {
	p := reflect.PointerTo(t)
	switch {
	case p.NumMethod() < 2:
	case p.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) && p.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]()):
		return hookBinary
	case p.Implements(reflect.TypeFor[gobEncoder]()) && p.Implements(reflect.TypeFor[gobDecoder]()):
		return hookGob
	case p.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return hookText
	}
	return hookNone
}

// promoted reports whether a struct may have its hook from an embedded field, such
// as a time.Time: the other fields would be lost.
func promoted(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t.NumField() < 2 {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Pointer {
			f.Type = f.Type.Elem()
		}
		if f.Anonymous && methods(f.Type) != hookNone {
			return true
		}
	}
	return false
}

// encode returns what v's methods make of it.
func (h hook) encode(v reflect.Value) ([]byte, error) {
	v = addressable(v) // the methods may have a pointer receiver
	switch m := v.Addr().Interface(); h {
	case hookBinary:
		return m.(encoding.BinaryMarshaler).MarshalBinary()
	case hookGob:
		return m.(gobEncoder).GobEncode()
	default:
		return m.(encoding.TextMarshaler).MarshalText()
	}
}

// decode sets v to what its methods make of data.
func (h hook) decode(v reflect.Value, data []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCorrupt, r)
		}
	}()
	p := reflect.New(v.Type())
	data = append([]byte(nil), data...) // the methods may keep it
	switch m := p.Interface(); h {
	case hookBinary:
		err = m.(encoding.BinaryUnmarshaler).UnmarshalBinary(data)
	case hookGob:
		err = m.(gobDecoder).GobDecode(data)
	default:
		err = m.(encoding.TextUnmarshaler).UnmarshalText(data)
	}
	if err == nil {
		v.Set(p.Elem())
	}
	return err
}
