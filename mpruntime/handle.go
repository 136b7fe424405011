package mpruntime

import (
	"io"
	"os"
	"reflect"

	"cuaderno/internal/codec"
)

// A handle is an object of this package that travels as descriptors instead of
// being copied: both processes then have the same pipe, lock or memory. The
// methods are those of a pointer type.
type handle interface {
	// encodeHandle appends what another process needs.
	encodeHandle(e *codec.Encoder) error
	// decodeHandle makes the receiver, a new variable, the object of what
	// encodeHandle has appended. With an error it leaves nothing open. A handle that
	// was decoded in vain is closed: by discardHandle if it has that, or Close.
	decodeHandle(d *codec.Decoder) error
}

// handles implements codec.Handles.
type handles struct{}

func (handles) IsHandle(t reflect.Type) bool {
	if t.Kind() != reflect.Pointer {
		return false
	}
	// A type of the user that embeds one has its methods, and is none.
	return t.Implements(reflect.TypeFor[handle]()) && t.Elem().PkgPath() == reflect.TypeFor[Process]().PkgPath() ||
		t == reflect.TypeFor[*os.File]()
}

func (handles) EncodeHandle(e *codec.Encoder, v reflect.Value) error {
	if f, ok := v.Interface().(*os.File); ok {
		return encodeFile(e, f)
	}
	return v.Interface().(handle).encodeHandle(e)
}

func (handles) DecodeHandle(d *codec.Decoder, v reflect.Value) error {
	if f, ok := v.Interface().(*os.File); ok {
		return decodeFile(d, f)
	}
	return v.Interface().(handle).decodeHandle(d)
}

// A discarder is a handle whose Close is not what undoes decodeHandle.
type discarder interface{ discardHandle() }

func (handles) DiscardHandle(v reflect.Value) {
	switch h := v.Interface().(type) {
	case discarder:
		h.discardHandle()
	case io.Closer:
		h.Close()
	}
}

// A Process is a handle only to say why it is none.
func (p *Process) encodeHandle(*codec.Encoder) error {
	return codec.Refuse(reflect.TypeFor[*Process](), "a process belongs to the one that started it")
}

func (p *Process) decodeHandle(*codec.Decoder) error { return errNotMade }

// encodeFile appends an open file if it is the end of a pipe.
func encodeFile(e *codec.Encoder, f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return codec.Refuse(reflect.TypeFor[*os.File](), "an open file belongs to its process: pass its name and open it there")
	}
	return e.Descriptor(f)
}

func decodeFile(d *codec.Decoder, to *os.File) error {
	received, err := d.Descriptor()
	if err != nil {
		return err
	}
	*to = *received // an os.File is a reference to what it closes
	return nil
}
