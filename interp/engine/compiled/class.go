package compiled

import (
	"fmt"
	"go/types"
)

// A class is how a value is held by closures: the Go type T of value[T].
type class uint8

const (
	boolean class = iota // bool
	i8
	i16
	i32
	i64 // int, int64
	u8
	u16
	u32
	u64 // uint, uint64, uintptr
	f32
	f64
	c64
	c128
	str // string
	ptr // unsafe.Pointer: pointers, maps, channels, functions
	ifc // iface: interfaces of all kinds
	slc // slice
	agg // structs and arrays: only in memory
)

var basicClass = map[types.BasicKind]class{
	types.Bool: boolean, types.UntypedBool: boolean,
	types.Int8: i8, types.Int16: i16, types.Int32: i32, types.UntypedRune: i32,
	types.Int64: i64, types.Int: i64, types.UntypedInt: i64,
	types.Uint8: u8, types.Uint16: u16, types.Uint32: u32,
	types.Uint64: u64, types.Uint: u64, types.Uintptr: u64,
	types.Float32: f32, types.Float64: f64, types.UntypedFloat: f64,
	types.Complex64: c64, types.Complex128: c128, types.UntypedComplex: c128,
	types.String: str, types.UntypedString: str,
	types.UnsafePointer: ptr, types.UntypedNil: ptr,
}

func classOf(t types.Type) class {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		if c, ok := basicClass[t.Kind()]; ok {
			return c
		}
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return ptr
	case *types.Interface:
		return ifc
	case *types.Slice:
		return slc
	case *types.Struct, *types.Array, *types.Tuple:
		return agg
	}
	panic(fmt.Sprintf("no class for %s", t))
}

func (k class) integer() bool { return k >= i8 && k <= u64 }
