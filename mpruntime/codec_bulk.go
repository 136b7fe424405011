package mpruntime

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
)

// bulkSize returns how many bytes an element of type t takes in a slice or an
// array that travels as one block of numbers, 0 if it does not.
func bulkSize(t reflect.Type) int {
	if hookOf(t) != nil {
		return 0
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return 1
	case reflect.Int16, reflect.Uint16:
		return 2
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return 4
	case reflect.Int, reflect.Uint, reflect.Uintptr, reflect.Int64, reflect.Uint64, reflect.Float64:
		return 8
	}
	return 0
}

// plain returns v as a slice of an unnamed type with predeclared elements, which
// a type switch recognizes, or nil.
func plain(v reflect.Value) any {
	if v.Kind() == reflect.Array {
		if !v.CanAddr() {
			return nil
		}
		v = v.Slice(0, v.Len())
	}
	t := v.Type()
	if t.Elem().PkgPath() != "" {
		return nil
	}
	if t.Name() != "" {
		v = v.Convert(reflect.SliceOf(t.Elem()))
	}
	return v.Interface()
}

func append64[T ~int | ~uint | ~int64 | ~uint64](b []byte, s []T) []byte {
	for _, x := range s {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}

func append32[T ~int32 | ~uint32](b []byte, s []T) []byte {
	for _, x := range s {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func set64[T ~int | ~uint | ~int64 | ~uint64](s []T, data []byte) {
	for i := range s {
		s[i] = T(binary.LittleEndian.Uint64(data[8*i:]))
	}
}

func set32[T ~int32 | ~uint32](s []T, data []byte) {
	for i := range s {
		s[i] = T(binary.LittleEndian.Uint32(data[4*i:]))
	}
}

// appendBulk appends the elements of v, a slice or array for which bulkSize is
// not 0.
func appendBulk(b []byte, v reflect.Value) []byte {
	b = slices.Grow(b, v.Len()*bulkSize(v.Type().Elem()))
	switch s := plain(v).(type) {
	case []byte:
		return append(b, s...)
	case []int:
		return append64(b, s)
	case []int64:
		return append64(b, s)
	case []uint:
		return append64(b, s)
	case []uint64:
		return append64(b, s)
	case []int32:
		return append32(b, s)
	case []uint32:
		return append32(b, s)
	case []float64:
		for _, x := range s {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
		return b
	case []float32:
		for _, x := range s {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		return b
	}
	for i := range v.Len() {
		b = appendNumber(b, v.Index(i))
	}
	return b
}

func appendNumber(b []byte, x reflect.Value) []byte {
	var bits uint64
	switch x.Kind() {
	case reflect.Bool:
		if x.Bool() {
			bits = 1
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		bits = uint64(x.Int())
	case reflect.Float32:
		bits = uint64(math.Float32bits(float32(x.Float())))
	case reflect.Float64:
		bits = math.Float64bits(x.Float())
	default:
		bits = x.Uint()
	}
	for range bulkSize(x.Type()) {
		b = append(b, byte(bits))
		bits >>= 8
	}
	return b
}

// setBulk sets the elements of v from data, which has exactly their size.
func setBulk(v reflect.Value, data []byte) {
	switch s := plain(v).(type) {
	case []byte:
		copy(s, data)
		return
	case []int:
		set64(s, data)
		return
	case []int64:
		set64(s, data)
		return
	case []uint:
		set64(s, data)
		return
	case []uint64:
		set64(s, data)
		return
	case []int32:
		set32(s, data)
		return
	case []uint32:
		set32(s, data)
		return
	case []float64:
		for i := range s {
			s[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return
	case []float32:
		for i := range s {
			s[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		return
	}
	size := bulkSize(v.Type().Elem())
	for i := range v.Len() {
		setNumber(v.Index(i), data[i*size:(i+1)*size])
	}
}

func setNumber(x reflect.Value, data []byte) {
	var bits uint64
	for i, b := range data {
		bits |= uint64(b) << (8 * i)
	}
	switch x.Kind() {
	case reflect.Bool:
		x.SetBool(bits != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		unused := 64 - 8*len(data)
		x.SetInt(int64(bits<<unused) >> unused)
	case reflect.Float32:
		x.SetFloat(float64(math.Float32frombits(uint32(bits))))
	case reflect.Float64:
		x.SetFloat(math.Float64frombits(bits))
	default:
		x.SetUint(bits)
	}
}
