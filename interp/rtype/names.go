package rtype

import (
	"encoding/binary"
	"go/token"
	"unsafe"
)

// addReflectOff gives a number to an address, by which descriptors that lie on
// the heap refer to names, types and code; what has a number is never freed.
// The same address has the same number always.
//
//go:linkname addReflectOff reflect.addReflectOff
func addReflectOff(p unsafe.Pointer) int32

// Bits of the first byte of a name.
const (
	nameExported = 1 << 0
	nameTag      = 1 << 1
	namePkgPath  = 1 << 2
	nameEmbedded = 1 << 3
)

// A nameTable encodes names as internal/abi.Name describes it, each once.
type nameTable struct {
	known map[string]abiName
}

// plain returns the name of a type or the path of a package.
func (n *nameTable) plain(name string) abiName { return n.intern(0, name, "", 0) }

// field returns the name of a struct field.
func (n *nameTable) field(name, tag string, embedded bool) abiName {
	bits := byte(0)
	if token.IsExported(name) {
		bits |= nameExported
	}
	if embedded {
		bits |= nameEmbedded
	}
	return n.intern(bits, name, tag, 0)
}

// method returns the name of a method; that of an unexported one carries the
// path of its package, unless path is "".
func (n *nameTable) method(name, path string) abiName {
	if token.IsExported(name) {
		return n.intern(nameExported, name, "", 0)
	}
	if path == "" {
		return n.intern(0, name, "", 0)
	}
	return n.intern(0, name, "", n.plain(path).off())
}

// off returns the number of the name, 0 for none.
func (n abiName) off() int32 {
	if n.Bytes == nil {
		return 0
	}
	return addReflectOff(unsafe.Pointer(n.Bytes))
}

func (n *nameTable) intern(bits byte, name, tag string, pkgPath int32) abiName {
	if tag != "" {
		bits |= nameTag
	}
	if pkgPath != 0 {
		bits |= namePkgPath
	}
	data := append(make([]byte, 0, len(name)+len(tag)+16), bits)
	data = append(binary.AppendUvarint(data, uint64(len(name))), name...)
	if tag != "" {
		data = append(binary.AppendUvarint(data, uint64(len(tag))), tag...)
	}
	if pkgPath != 0 {
		data = binary.NativeEndian.AppendUint32(data, uint32(pkgPath))
	}
	known, ok := n.known[string(data)]
	if !ok {
		known = abiName{&data[0]}
		if n.known == nil {
			n.known = map[string]abiName{}
		}
		n.known[string(data)] = known
	}
	return known
}
