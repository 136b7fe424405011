package codec

import (
	"reflect"
	"strconv"
	"strings"
)

// pairing is a comparison of a numbered description with a type that has begun.
type pairing struct {
	number int
	plan   *plan
}

// expect reads the description of a type of the receiver's.
func (d *Decoder) expect(p *plan) error {
	rest := d.in
	same, err := d.match(p)
	if err != nil || same {
		return err
	}
	d.in = rest
	d.replays++
	sent := sketch{Decoder: d}
	if err := sent.typ(); err != nil {
		return err
	}
	text := notebookName(abridged(sent.text.String()))
	if text == TypeName(p.typ) {
		return Errorf("%w: %s was sent, and it was declared again since", errMismatch, text)
	}
	return Errorf("%w: %s was sent, %s is wanted", errMismatch, text, p.typ)
}

// match reads a description and reports whether it is p's. If it is not, it may
// have read only a part.
func (d *Decoder) match(p *plan) (bool, error) {
	offset := len(d.message) - len(d.in)
	b, err := d.byte()
	if err != nil {
		return false, err
	}
	if b == typeOld {
		return d.matchBefore(p)
	}
	if p.numbered {
		d.number(received{offset: offset, static: p})
	}
	switch {
	case p.name != "":
		return d.matchText(b == typeNamed, p.name)
	case p.op == opHook:
		return d.matchText(b == typeOwn, p.typ.String())
	case p.typ == anyType:
		return b == typeAny, nil
	case p.typ == errorType:
		return b == typeError, nil
	case b != byte(p.kind):
		return false, nil
	}
	switch p.kind {
	case reflect.Array:
		n, err := d.uvarint()
		if err != nil || n != uint64(p.typ.Len()) {
			return false, err
		}
		return d.match(p.elem)
	case reflect.Slice, reflect.Pointer:
		return d.match(p.elem)
	case reflect.Map:
		if same, err := d.match(p.key); err != nil || !same {
			return false, err
		}
		return d.match(p.elem)
	case reflect.Struct:
		return d.matchFields(p)
	case reflect.Func:
		return d.matchSignature(p)
	case reflect.Interface, reflect.Chan:
		return d.matchText(true, p.typ.String())
	}
	return true, nil
}

// matchBefore compares p with the description that has the number that follows.
func (d *Decoder) matchBefore(p *plan) (same bool, err error) {
	number, err := d.typeNumber()
	if err != nil {
		return false, err
	}
	if r := &d.types[number]; r.static == p || r.built == p {
		return true, nil
	}
	pair := pairing{number, p}
	if d.again[pair] {
		return true, nil
	}
	if d.again == nil {
		d.again = map[pairing]bool{}
	}
	d.again[pair] = true
	err = d.replay(number, func() error {
		same, err = d.match(p)
		return err
	})
	return same, err
}

func (d *Decoder) matchText(kind bool, want string) (bool, error) {
	if !kind {
		return false, nil
	}
	n, err := d.uvarint()
	if err != nil {
		return false, err
	}
	text, err := d.bytes(n)
	return string(text) == want, err
}

func (d *Decoder) matchFields(p *plan) (bool, error) {
	n, err := d.uvarint()
	if err != nil || n != uint64(len(p.fields)) {
		return false, err
	}
	for i := range p.fields {
		f := &p.fields[i]
		if same, err := d.matchText(true, f.name); err != nil || !same {
			return false, err
		}
		n, err := d.uvarint()
		if err != nil {
			return false, err
		}
		if _, err := d.bytes(n); err != nil { // its tag
			return false, err
		}
		if _, err := d.flag(); err != nil {
			return false, err
		}
		if same, err := d.match(f.plan); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (d *Decoder) matchSignature(p *plan) (bool, error) {
	in := p.typ.NumIn()
	for _, list := range [2][]*plan{p.parts[:in], p.parts[in:]} {
		n, err := d.uvarint()
		if err != nil || n != uint64(len(list)) {
			return false, err
		}
		for _, part := range list {
			if same, err := d.match(part); err != nil || !same {
				return false, err
			}
		}
	}
	variadic, err := d.flag()
	return variadic == p.typ.IsVariadic(), err
}

// maxSketch bounds the types and texts of other processes in errors.
const maxSketch = 120

func abridged(s string) string {
	if len(s) <= maxSketch {
		return s
	}
	return s[:maxSketch] + "…"
}

// A sketch writes what a described type looks like, up to a length.
type sketch struct {
	*Decoder
	text strings.Builder
	full bool // no more is read
}

// write appends to the text.
func (s *sketch) write(text string) {
	s.text.WriteString(text)
	s.full = s.full || s.text.Len() > maxSketch
}

// typ reads a description and writes it.
func (s *sketch) typ() error {
	if s.full {
		return nil
	}
	b, err := s.byte()
	if err != nil {
		return err
	}
	switch kind := reflect.Kind(b); {
	case b == typeAny:
		s.write("any")
	case b == typeError:
		s.write("error")
	case b == typeNamed, b == typeOwn, kind == reflect.Interface, kind == reflect.Chan:
		name, err := s.Text()
		s.write(name)
		return err
	case b == typeOld:
		_, err := s.typeNumber()
		s.write("…")
		return err
	case kind == reflect.Array:
		n, err := s.uvarint()
		if err != nil {
			return err
		}
		s.write("[" + strconv.FormatUint(n, 10) + "]")
		return s.typ()
	case kind == reflect.Slice:
		s.write("[]")
		return s.typ()
	case kind == reflect.Pointer:
		s.write("*")
		return s.typ()
	case kind == reflect.Map:
		s.write("map[")
		if err := s.typ(); err != nil || s.full {
			return err
		}
		s.write("]")
		return s.typ()
	case kind == reflect.Struct:
		return s.fields()
	case kind == reflect.Func:
		s.write("func…")
		s.full = true
	case basicType(kind) != nil || kind == reflect.UnsafePointer:
		s.write(kind.String())
	default:
		return errCorrupt
	}
	return nil
}

func (s *sketch) fields() error {
	n, err := s.count(4)
	if err != nil {
		return err
	}
	s.write("struct {")
	for i := range n {
		name, err := s.Text()
		if err != nil {
			return err
		}
		if _, err = s.Text(); err != nil { // its tag
			return err
		}
		if _, err = s.flag(); err != nil {
			return err
		}
		if i > 0 {
			s.write(";")
		}
		s.write(" " + name + " ")
		if err := s.typ(); err != nil || s.full {
			return err
		}
	}
	s.write(" }")
	return nil
}
