package compiled

import (
	"reflect"
	"runtime"
)

// The register sequence of Go's internal calling convention (ABIInternal,
// cmd/compile/abi-internal.md) depends on words alone: a string is passed like
// a pointer and an int, a struct like its fields. So a function can be called,
// or be, one of another type with the same words. The numbers of registers are
// those of amd64, the smallest of the platforms that have any.
const (
	intRegisters   = 9
	floatRegisters = 15
	// inRegisters is whether this platform passes arguments in registers.
	inRegisters = runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64"
)

// A word is what one register holds of a parameter or result.
type word struct {
	off  uintptr // in the frame or block of arguments
	kind wordKind
}

// A wordKind says which registers a word goes to, how wide it is and whether
// the collector follows it. The letters spell shapes.
type wordKind byte

const (
	wordPointer wordKind = 'P'
	word64      wordKind = 'W'
	word32      wordKind = 'D'
	word16      wordKind = 'H'
	word8       wordKind = 'B'
	wordFloat64 wordKind = 'F'
	wordFloat32 wordKind = 'S'
)

func (k wordKind) float() bool { return k == wordFloat64 || k == wordFloat32 }

// size is also the word's alignment.
func (k wordKind) size() uintptr {
	switch k {
	case word8:
		return 1
	case word16:
		return 2
	case word32, wordFloat32:
		return 4
	}
	return 8
}

// words returns the words of parameters or of results. ok is false if one of
// them is passed in memory.
func words(places []place) (ws []word, ok bool) {
	if !inRegisters {
		return nil, false
	}
	for _, p := range places {
		if ws, ok = appendWords(ws, p.typ, p.off); !ok {
			return nil, false
		}
	}
	floats := 0
	for _, w := range ws {
		if w.kind.float() {
			floats++
		}
	}
	return ws, floats <= floatRegisters && len(ws)-floats <= intRegisters
}

// appendWords mirrors the register assignment of cmd/compile and reflect. The
// first word of an interface is no pointer to the collector there either.
func appendWords(ws []word, t reflect.Type, off uintptr) ([]word, bool) {
	add := func(kinds string) ([]word, bool) {
		for _, k := range []byte(kinds) {
			ws = append(ws, word{off, wordKind(k)})
			off += wordKind(k).size()
		}
		return ws, true
	}
	switch t.Kind() {
	case reflect.UnsafePointer, reflect.Pointer, reflect.Chan, reflect.Map, reflect.Func:
		return add("P")
	case reflect.Int, reflect.Uint, reflect.Int64, reflect.Uint64, reflect.Uintptr:
		return add("W")
	case reflect.Int32, reflect.Uint32:
		return add("D")
	case reflect.Int16, reflect.Uint16:
		return add("H")
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return add("B")
	case reflect.Float64:
		return add("F")
	case reflect.Float32:
		return add("S")
	case reflect.Complex128:
		return add("FF")
	case reflect.Complex64:
		return add("SS")
	case reflect.String:
		return add("PW")
	case reflect.Slice:
		return add("PWW")
	case reflect.Interface:
		return add("WP")
	case reflect.Array:
		switch t.Len() {
		case 0:
			return ws, true
		case 1:
			return appendWords(ws, t.Elem(), off)
		}
		return nil, false
	case reflect.Struct:
		ok := true
		for i := 0; i < t.NumField() && ok; i++ {
			f := t.Field(i)
			ws, ok = appendWords(ws, f.Type, off+f.Offset)
		}
		return ws, ok
	}
	return nil, false
}

// shape spells the kinds of words.
func shape(ws []word) string {
	s := make([]byte, len(ws))
	for i, w := range ws {
		s[i] = byte(w.kind)
	}
	return string(s)
}

// packed returns the end of words that follow each other from start as the
// fields of a struct would. ok is false if ws are elsewhere: the values they
// come from have padding of their own.
func packed(ws []word, start uintptr) (end uintptr, ok bool) {
	for _, w := range ws {
		if start = align(start, w.kind.size()); w.off != start {
			return 0, false
		}
		start += w.kind.size()
	}
	return start, true
}

// spill returns the memory that a caller reserves for a callee to put register
// parameters of these types in.
func spill(places []place) uintptr {
	n := uintptr(0)
	for _, p := range places {
		if p.typ.Size() > 0 {
			n = align(n, uintptr(p.typ.Align())) + p.typ.Size()
		}
	}
	return align(n, 8)
}
