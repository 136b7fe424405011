//nolint:unused // the tests look at every field and method by reflection
package rtype_test

import (
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// The declarations of this file are compiled into the test, and the test makes
// types of them as if a cell had declared them: each then has a compiled twin,
// to which reflection must find it equal, and whose methods are its methods.

type (
	Int     int
	Str     string
	Flag    bool
	Float   float64
	Complex complex64
	Raw     unsafe.Pointer
	Bytes   []byte
	Fn      func(int, ...string) (Int, error)
	RecFn   func(RecFn, int) RecFn
	Table   map[string]Int
	RecMap  map[Str]*RecMap
	RecList []RecList
	Pipe    chan Int
	Source  <-chan Pipe
	Sink    chan<- chan Source
	Grid    [3][2]Int
	Ref     *Node
	RefRef  *Ref
	None    struct{}
	Empty   interface{}
	Alias   = map[Str]Node
	Big     [300]Table
)

func (i Int) String() string                                  { return fmt.Sprintf("Int<%d>", int(i)) }
func (i *Int) Set(s string) error                             { *i = Int(len(s)); return nil }
func (i Int) hidden(n int) Int                                { return i + Int(n) }
func (s Str) Error() string                                   { return "Str: " + string(s) }
func (b Bytes) Len() int                                      { return len(b) }
func (b Bytes) Less(i, j int) bool                            { return b[i] < b[j] }
func (b Bytes) Swap(i, j int)                                 { b[i], b[j] = b[j], b[i] }
func (f Fn) ServeHTTP(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "path %s", r.URL.Path) }
func (t Table) Sum() (sum Int) {
	for _, i := range t {
		sum += i
	}
	return sum
}
func (p Pipe) Read(b []byte) (int, error) {
	i, ok := <-p
	if !ok {
		return 0, io.EOF
	}
	return copy(b, i.String()), nil
}

// Node is recursive in every way.
type Node struct {
	next  *Node
	Kids  map[string]Node `json:"kids,omitempty" xml:"k"`
	list  []Node
	f     func(Node) *Node
	ch    chan Node
	arr   [2]*Node
	face  interface{ Visit(Node) Node }
	pairs map[[2]Str]struct {
		N *Node
		m Table
	}
	Name   string
	_      int32
	nested struct {
		a, B  int8
		inner *struct{ n Node }
	}
}

func (n *Node) Visit(m Node) Node { m.Name = n.Name + m.Name; return m }
func (n Node) String() string     { return "Node " + n.Name }
func (n Node) Twice() (a, b Node) { return n, n }

type Even struct {
	odd  *Odd
	odds [4]*Odd
	V    int
}
type Odd struct {
	even Even
	m    map[Even2]Odd
}
type Even2 struct{ p *Odd }

// Base has methods to promote.
type Base struct{ N int }

func (b Base) Get() int       { return b.N }
func (b *Base) Put(n int)     { b.N = n }
func (b Base) String() string { return fmt.Sprintf("Base %d", b.N) }
func (b *Base) low(n int) int { return b.N + n }

type Other struct{ S string }

func (o Other) String() string { return "Other " + o.S }
func (o Other) Only() string   { return o.S }

type (
	ByValue struct {
		pad int
		Base
	}
	ByPointer struct {
		*Base
		Extra string
	}
	JustPointer struct{ *Base }
	Ambiguous   struct {
		Base
		Other
	}
	Shadow struct {
		Base
		String int
	}
	Deep struct {
		x string
		ByValue
		*Other
	}
	Locked struct {
		sync.Mutex
		n int
	}
	Wrapped struct {
		error
		Code int
	}
	WithFace struct {
		Shaper
		fmt.Stringer `json:"s"`
	}
	WithAnon struct {
		Inner struct {
			Base
			K int
		}
		P *struct{ *Other }
	}
	Compiled struct {
		strings.Builder
		D    time.Duration
		Once sync.Once
		c    atomic.Int64
		r    http.Header
	}
	Zero struct {
		a int
		_ [0]func()
		z struct{}
	}
	Padded struct {
		a int8
		b int64
		c int8
	}
	Packed struct{ a, b int32 }
	Blank  struct {
		a int
		_ string
		b float64
	}
	BlankInside struct{ in struct{ _, x int32 } }
	Faces       struct {
		a any
		e error
		s Shaper
	}
	Nums struct {
		f Float
		c Complex
		i [2]Int
	}
	PtrShaped struct{ p *int }
	ArrShaped [1]*int
	Huge      struct {
		a [5000]Node
		b string
	}
)

func (p PtrShaped) Deref() int   { return *p.p }
func (p *PtrShaped) Aim(at *int) { p.p = at }
func (a ArrShaped) First() int   { return *a[0] }
func (a ArrShaped) Name() string { return "arr" }

// Shaper has unexported methods, and embeds.
type Shaper interface {
	fmt.Stringer
	shape(n int, more ...Int) (Grid, *Padded)
	Area() float64
}
type Hidden interface {
	hidden(int) Int
	low(int) int
}
type SelfFace interface {
	Next() SelfFace
	With(func(SelfFace)) map[string]SelfFace
}

// Odds has methods of uncommon signatures.
type Odds struct{ n int }

func (o Odds) Many(a, b, c, d, e, f, g, h, i, j, k, l int, s string, x float64, more ...any) string {
	return fmt.Sprint(o.n, a, b, c, d, e, f, g, h, i, j, k, l, s, x, more)
}
func (o *Odds) Three(n Node, g Grid) (Grid, Node, error) { return g, n, errors.New("three") }
func (o Odds) Zero(struct{}, [0]int) (_ struct{}, n int) { return struct{}{}, o.n }
func (o Odds) Halves(a float32, b complex128, c int8, d bool) (bool, int8, complex128, float32) {
	return d, c, b, a
}
func (o Odds) Call(f func(Int) Int, i Int) Int                                        { return f(i) }
func (o Odds) Panic() string                                                          { panic("odd") }
func (o Odds) Sink(chan<- Int, <-chan Str, map[Str]Int, *Int, []Node, unsafe.Pointer) {}

// Pair and the others are generic.
type Pair[K comparable, V any] struct {
	Key  K
	Val  V
	next *Pair[K, V]
}

func (p Pair[K, V]) String() string { return fmt.Sprintf("%v=%v", p.Key, p.Val) }
func (p *Pair[K, V]) Replace(v V) V { old := p.Val; p.Val = v; return old }

type List[T any] struct {
	head *Pair[int, T]
	all  []List[T]
}
type Opt[T any] func(*T) Opt[T]
type Tree[T interface{ Less(T) bool }] struct {
	l, r *Tree[T]
	v    T
}

func (i Int) Less(j Int) bool { return i < j }

// Queue is for container/heap.
type Queue []*Job
type Job struct {
	Rank int
	Text string
}

func (q Queue) Len() int           { return len(q) }
func (q Queue) Less(i, j int) bool { return q[i].Rank < q[j].Rank }
func (q Queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *Queue) Push(x any)        { *q = append(*q, x.(*Job)) }
func (q *Queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

var _ heap.Interface = (*Queue)(nil)

// Temp marshals itself.
type Temp struct{ deg float64 }

func (t Temp) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprintf("%g°", t.deg)) }
func (t *Temp) UnmarshalJSON(data []byte) error {
	_, err := fmt.Sscanf(string(data), "\"%g°\"", &t.deg)
	return err
}
func (t Temp) GobEncode() ([]byte, error)    { return []byte(fmt.Sprint(t.deg)), nil }
func (t *Temp) GobDecode(data []byte) error  { _, err := fmt.Sscan(string(data), &t.deg); return err }
func (t Temp) Format(s fmt.State, verb rune) { fmt.Fprintf(s, "Temp(%c)", verb) }

// Fault is an error that wraps another.
type Fault struct {
	Op  string
	Err error
}

func (f *Fault) Error() string        { return f.Op + ": " + f.Err.Error() }
func (f *Fault) Unwrap() error        { return f.Err }
func (f *Fault) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// Page is for templates and JSON.
type Page struct {
	Title  string
	Temps  []Temp `json:"temps"`
	ByName map[Str]Temp
	secret int
	Sub    *Page `json:"sub,omitempty"`
	Base
}

func (p Page) Upper(n int) string { return strings.ToUpper(p.Title[:n]) }

// Every lists what the tests compare; local types and literals come last.
type Every struct {
	T01 Alias
	T02 Pair[int, string]
	T03 Pair[Int, *Node]
	T04 List[Int]
	T05 List[List[Str]]
	T06 Opt[http.Request]
	T07 Tree[Int]
	T08 Pair[struct {
		X int
		y string
	}, interface{ hidden(int) Int }]
	T09 Pair[json.Number, map[string]any]
	T10 struct {
		Base
		sync.Mutex
	}
	T11 *struct{ *Other }
	T12 struct{ Shaper }
	T13 interface {
		hidden(int) Int
		Exported(...Node) error
	}
	T14 func(Node, ...*Int) (map[Str]Node, error)
	T15 map[[2]Str][]chan<- Node
	T16 struct {
		X int `a:"b\"c"`
		y Node
		_ int
	}
	T17 atomic.Pointer[Node]
	T18 *[]func() <-chan (<-chan Int)
	T19 struct {
		sync.Mutex
		n int
	}
	T20 struct{ X, Y float64 }
	T21 atomic.Pointer[Pair[Other, http.Header]]
}
