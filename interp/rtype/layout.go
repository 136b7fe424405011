package rtype

import "unsafe"

// maxInlineElem is internal/abi.MapMaxElemBytes: maps hold larger elements
// behind a pointer.
const maxInlineElem = 128

// The types below mirror those of package internal/abi, their names and
// fields; Check compares them with the originals.

// An abiType is what every type descriptor begins with.
type abiType struct {
	Size_       uintptr
	PtrBytes    uintptr
	Hash        uint32
	TFlag       uint8
	Align_      uint8
	FieldAlign_ uint8
	Kind_       uint8
	Equal       func(unsafe.Pointer, unsafe.Pointer) bool
	GCData      *byte
	Str         int32
	PtrToThis   int32
}

// Bits of abiType.TFlag.
const (
	flagUncommon       = 1 << 0
	flagExtraStar      = 1 << 1
	flagNamed          = 1 << 2
	flagRegularMemory  = 1 << 3
	flagGCMaskOnDemand = 1 << 4
	flagDirectIface    = 1 << 5
)

// abiUncommon follows the descriptor of a type that has a name or methods.
type abiUncommon struct {
	PkgPath int32
	Mcount  uint16
	Xcount  uint16
	Moff    uint32
	_       uint32
}

type abiMethod struct {
	Name int32
	Mtyp int32
	Ifn  int32
	Tfn  int32
}

type abiImethod struct {
	Name int32
	Typ  int32
}

type abiArray struct {
	Type  abiType
	Elem  *abiType
	Slice *abiType
	Len   uintptr
}

type abiChan struct {
	Type abiType
	Elem *abiType
	Dir  int
}

// abiFunc is followed by the uncommon part, if any, and then by the
// descriptors of parameters and results.
type abiFunc struct {
	Type     abiType
	InCount  uint16
	OutCount uint16
}

// variadicOut is the bit of abiFunc.OutCount that marks a variadic function.
const variadicOut = 1 << 15

type abiInterface struct {
	Type    abiType
	PkgPath abiName
	Methods []abiImethod
}

type abiMap struct {
	Type      abiType
	Key       *abiType
	Elem      *abiType
	Group     *abiType
	Hasher    func(unsafe.Pointer, uintptr) uintptr
	GroupSize uintptr
	SlotSize  uintptr
	ElemOff   uintptr
	Flags     uint32
}

// abiElem is the descriptor of a pointer or a slice.
type abiElem struct {
	Type abiType
	Elem *abiType
}

type abiStruct struct {
	Type    abiType
	PkgPath abiName
	Fields  []abiField
}

type abiField struct {
	Name   abiName
	Typ    *abiType
	Offset uintptr
}

// An abiName points to a name as names.go encodes it.
type abiName struct {
	Bytes *byte
}

// isBlank reports whether the name is "_".
func (n abiName) isBlank() bool {
	return n.Bytes != nil && *(*byte)(unsafe.Add(unsafe.Pointer(n.Bytes), 1)) == 1 && *(*byte)(unsafe.Add(unsafe.Pointer(n.Bytes), 2)) == '_'
}
