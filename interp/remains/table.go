package remains

import (
	"encoding/binary"
	"errors"
)

// tableVersion is the first byte of a table of contents.
const tableVersion = 3

// ErrDamaged is the error of a last commit that cannot be read.
var ErrDamaged = errors.New("the table of contents of the remains is damaged")

// marshal writes a table: numbers as varints, texts and lists after their length.
func (t *Table) marshal() []byte {
	w := writer{[]byte{tableVersion}}
	w.number(int64(t.Declarations))
	w.number(int64(len(t.Entries)))
	for _, e := range t.Entries {
		w.number(int64(e.Cell))
		w.number(e.Offset)
		w.number(e.Length)
		w.number(int64(e.Tries))
		w.number(int64(len(e.Variables)))
		for _, v := range e.Variables {
			w.variable(v)
		}
		w.number(int64(len(e.Detached)))
		for _, d := range e.Detached {
			w.number(int64(d.Variable))
			w.number(int64(d.Of))
		}
	}
	w.number(int64(len(t.Lost)))
	for _, l := range t.Lost {
		w.variable(l.Variable)
		w.text(l.Why)
	}
	return w.out
}

// unmarshal reads what marshal wrote.
func unmarshal(data []byte) (*Table, error) {
	if len(data) == 0 || data[0] != tableVersion {
		return nil, ErrDamaged
	}
	r := reader{in: data[1:]}
	t := &Table{Declarations: int(r.number())}
	for range r.length() {
		e := Entry{Cell: int(r.number()), Offset: r.number(), Length: r.number(), Tries: int(r.number())}
		for range r.length() {
			e.Variables = append(e.Variables, r.variable())
		}
		for range r.length() {
			d := Detachment{int(r.number()), int(r.number())}
			if n := len(e.Variables); d.Variable < 0 || d.Variable >= n || d.Of < 0 || d.Of >= n {
				r.failed = true
				break
			}
			e.Detached = append(e.Detached, d)
		}
		t.Entries = append(t.Entries, e)
	}
	for range r.length() {
		t.Lost = append(t.Lost, Loss{r.variable(), r.text()})
	}
	if r.failed || len(r.in) > 0 {
		return nil, ErrDamaged
	}
	t.giveUp()
	return t, nil
}

type writer struct{ out []byte }

func (w *writer) number(x int64) { w.out = binary.AppendVarint(w.out, x) }

func (w *writer) text(s string) {
	w.number(int64(len(s)))
	w.out = append(w.out, s...)
}

func (w *writer) variable(v Variable) {
	w.number(int64(v.Unit))
	w.text(v.Name)
	hidden := int64(0)
	if v.Hidden {
		hidden = 1
	}
	w.number(hidden)
}

// A reader reads nothing but zeros once it has failed.
type reader struct {
	in     []byte
	failed bool
}

func (r *reader) number() int64 {
	x, n := binary.Varint(r.in)
	if n <= 0 {
		r.failed, r.in = true, nil
		return 0
	}
	r.in = r.in[n:]
	return x
}

// length reads that of a list or text, no element of which is without a byte.
func (r *reader) length() int {
	n := r.number()
	if n < 0 || n > int64(len(r.in)) {
		r.failed, r.in = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.length()
	s := string(r.in[:n])
	r.in = r.in[n:]
	return s
}

func (r *reader) variable() Variable {
	return Variable{Unit: int(r.number()), Name: r.text(), Hidden: r.number() == 1}
}
