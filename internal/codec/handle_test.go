package codec_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"cuaderno/internal/codec"
)

// An end is an object that travels as a descriptor.
type end struct {
	name string
	file *os.File
}

// ends are the Handles of a test; closed counts those that were discarded.
type ends struct{ closed *int }

func (ends) IsHandle(t reflect.Type) bool { return t == reflect.TypeFor[*end]() }

func (ends) EncodeHandle(e *codec.Encoder, v reflect.Value) error {
	from := v.Interface().(*end)
	if from.file == nil {
		return codec.Refuse(v.Type(), "it is closed")
	}
	e.Text(from.name)
	return e.Descriptor(from.file)
}

func (ends) DecodeHandle(d *codec.Decoder, v reflect.Value) (err error) {
	to := v.Interface().(*end)
	if to.name, err = d.Text(); err != nil {
		return err
	}
	to.file, err = d.Descriptor()
	return err
}

func (h ends) DiscardHandle(v reflect.Value) {
	v.Interface().(*end).file.Close()
	*h.closed++
}

func newEnds() *codec.Domain { return &codec.Domain{Handles: ends{new(int)}} }

// openFiles returns how many descriptors this process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skipf("the system does not list open descriptors: %v", err)
	}
	return len(list)
}

func pipe(t *testing.T) (r *os.File, w *end) {
	t.Helper()
	r, f, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); f.Close() })
	return r, &end{"w", f}
}

func TestHandlesTravel(t *testing.T) {
	domain := newEnds()
	r, w := pipe(t)
	v := map[string]any{"a": []*end{w, nil, w}, "b": w}
	m, err := codec.Encode(reflect.ValueOf(v), "v", domain)
	if err == nil {
		t.Fatal("an unnamed type in an interface was rebuilt")
	}
	type holder struct {
		List []*end
		Same *end
	}
	if m, err = codec.Encode(reflect.ValueOf(&holder{[]*end{w, nil, w}, w}), "v", domain); err != nil {
		t.Fatal(err)
	}
	if len(m.Files) != 1 {
		t.Errorf("%d descriptors for one pipe", len(m.Files))
	}
	w.file.Close() // the message has its own
	got, err := codec.Decode(m, reflect.TypeFor[*holder](), domain)
	if err != nil {
		t.Fatal(err)
	}
	h := got.Interface().(*holder)
	if h.List[0] != h.Same || h.List[2] != h.Same || h.List[1] != nil || h.Same.name != "w" {
		t.Errorf("%v", h)
	}
	fmt.Fprint(h.Same.file, "por aquí")
	h.Same.file.Close()
	if text, err := io.ReadAll(r); string(text) != "por aquí" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestHandlesThatCannotTravel(t *testing.T) {
	_, w := pipe(t)
	domain := newEnds()
	for _, test := range []struct {
		v    any
		want string
	}{
		{[]*end{w, {}}, "mp: v[1] (*codec_test.end) cannot be copied to another process: it is closed"},
		{struct{ E end }{*w}, "mp: v.E (codec_test.end) cannot be copied to another process: it cannot be copied: pass a pointer to it"},
		{struct {
			E *end
			C chan int
		}{w, make(chan int)}, "mp: v.C (chan int)"},
	} {
		before := openFiles(t)
		_, err := codec.Encode(reflect.ValueOf(test.v), "v", domain)
		if !errors.Is(err, codec.ErrNotCopyable) || !strings.HasPrefix(fmt.Sprint(err), test.want) {
			t.Errorf("%v\nwant %s", err, test.want)
		}
		if after := openFiles(t); after != before {
			t.Errorf("%d descriptors were open, %d are after %v", before, after, err)
		}
	}
	if _, err := codec.Encode(reflect.ValueOf([]*end{w}), "v", plain); err == nil {
		t.Error("a handle that the Domain does not know was copied")
	}
}

func TestManyDescriptors(t *testing.T) {
	const n = 300
	domain := newEnds()
	var list []*end
	for i := range n {
		_, w := pipe(t)
		w.name = fmt.Sprint(i)
		list = append(list, w)
	}
	before := openFiles(t)
	m, err := codec.Encode(reflect.ValueOf(list), "v", domain)
	if err != nil || len(m.Files) != n {
		t.Fatalf("%d descriptors, %v", len(m.Files), err)
	}
	got, err := codec.Decode(m, reflect.TypeFor[[]*end](), domain)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range got.Interface().([]*end) {
		if e.name != fmt.Sprint(i) {
			t.Errorf("%d arrives as %s", i, e.name)
		}
		e.file.Close()
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors were open, %d are", before, after)
	}
}

// TestNoDescriptorIsLeft damages a message with descriptors in every byte.
func TestNoDescriptorIsLeft(t *testing.T) {
	closed := 0
	domain := &codec.Domain{Handles: ends{&closed}}
	_, a := pipe(t)
	_, b := pipe(t)
	type holder struct {
		A    *end
		Name string
		B    *end
		N    int
	}
	encoded := func() codec.Message {
		m, err := codec.Encode(reflect.ValueOf(holder{a, "nombre", b, 7}), "v", domain)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	length := len(encoded().Bytes)
	before := openFiles(t)
	for i := range length {
		for _, damage := range []func(codec.Message) codec.Message{
			func(m codec.Message) codec.Message { m.Bytes = m.Bytes[:i]; return m },
			func(m codec.Message) codec.Message { m.Bytes[i] ^= 0x7f; return m },
			func(m codec.Message) codec.Message { m.Bytes[i]++; return m },
			func(m codec.Message) codec.Message { m.Bytes = append(m.Bytes, 0); return m },
			func(m codec.Message) codec.Message { m.Files[1].Close(); m.Files = m.Files[:1]; return m },
		} {
			got, err := codec.Decode(damage(encoded()), reflect.TypeFor[holder](), domain)
			if err == nil {
				h := got.Interface().(holder)
				for _, e := range []*end{h.A, h.B} {
					if e != nil {
						e.file.Close()
					}
				}
			}
		}
		if after := openFiles(t); after > before {
			t.Fatalf("byte %d: %d descriptors were open, %d are", i, before, after)
		}
	}
	if closed == 0 {
		t.Error("no handle was discarded")
	}
}
