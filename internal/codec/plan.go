package codec

import (
	"math"
	"reflect"
	"sync/atomic"
	"time"
)

// op says which of the Encoder's and Decoder's branches a type takes.
type op uint8

const (
	opRefused   op = iota // no value can be copied
	opEmpty               // without size: nothing travels
	opBool                // a byte, 0 or 1
	opInt                 // a varint
	opUint                // a uvarint
	opFloat               // 8 bytes
	opComplex             // 16 bytes
	opString              // length and bytes
	opNil                 // bound to its process: only nil travels
	opFunc                // a name and captured values
	opHandle              // what the Domain's Handles append
	opPointer             // the variable
	opLocation            // a time zone
	opSlice               // length and elements
	opArray               // elements
	opMap                 // length, keys and values
	opStruct              // fields
	opInterface           // a description and a value, or an error
	opHook                // what the type's own methods make of it
	opImage               // the memory
	opTime                // an instant and a zone
)

// A plan is how the values of one type travel, found once for a Domain. It does
// not change after it has been published.
type plan struct {
	typ       reflect.Type
	kind      reflect.Kind
	op        op
	name      string // by which the type travels, "" if by its structure
	first     *plan  // of the versions of a named type, or itself
	why       string // of opRefused
	hook      hook
	key, elem *plan
	fields    []planField
	parts     []*plan // parameters and results of a func
	least     int     // a lower bound of the bytes of a value, 0 only if it has no size
	flat      int     // the bytes of an element of a slice or array that travels as one block, or 0
	image     bool    // those bytes are the memory of the element
	numbered  bool    // descriptions of it after the first are a number
	hidden    bool    // has fields that can only be reached by address
	loose     bool    // a map whose keys may turn out not to be comparable
	boxing    atomic.Pointer[boxing]
}

type planField struct {
	index     int
	name, tag string
	embedded  bool
	hidden    bool
	*plan
}

// plan returns that of a type.
func (d *Domain) plan(t reflect.Type) *plan {
	if p, ok := d.plans.Load(t); ok {
		return p.(*plan)
	}
	d.planning.Lock()
	defer d.planning.Unlock()
	found := planner{d, map[reflect.Type]*plan{}}
	p := found.plan(t)
	for t, p := range found.plans {
		d.plans.Store(t, p)
	}
	return p
}

// A planner finds the plans of a type and of all types that it refers to.
type planner struct {
	domain *Domain
	plans  map[reflect.Type]*plan
}

func (f planner) plan(t reflect.Type) *plan {
	if p, ok := f.domain.plans.Load(t); ok {
		return p.(*plan)
	}
	if p := f.plans[t]; p != nil {
		return p
	}
	p := &plan{typ: t, kind: t.Kind(), least: 1}
	p.name = f.domain.nameOf(t)
	p.first = f.domain.firstVersion(p)
	f.plans[t] = p
	switch p.kind {
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct, reflect.Func:
		p.numbered = true
	}
	f.refer(p)
	p.op = f.op(p)
	p.numbered = p.numbered || p.name != "" || p.op == opHook
	p.measure()
	return p
}

// refer finds the plans of the types that p's type is made of. Those that lead
// back to p are not complete yet; arrays and structs never do.
func (f planner) refer(p *plan) {
	t := p.typ
	switch p.kind {
	case reflect.Map:
		p.key = f.plan(t.Key())
		p.loose = mayHoldAnything(t.Key())
		p.elem = f.plan(t.Elem())
	case reflect.Array, reflect.Slice, reflect.Pointer:
		p.elem = f.plan(t.Elem())
	case reflect.Func:
		for _, part := range signature(t) {
			p.parts = append(p.parts, f.plan(part))
		}
	case reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			if field.Name == "_" {
				continue
			}
			part := planField{
				index: i, name: field.Name, tag: string(field.Tag), embedded: field.Anonymous,
				hidden: field.PkgPath != "", plan: f.plan(field.Type),
			}
			p.hidden = p.hidden || part.hidden
			p.fields = append(p.fields, part)
		}
	}
}

// op decides how the values of p's type travel.
func (f planner) op(p *plan) op {
	t := p.typ
	switch t {
	case reflect.TypeFor[time.Time]():
		return opTime
	case reflect.TypeFor[*time.Location]():
		return opLocation
	}
	if f.domain.Images[t] != nil {
		return opImage
	}
	unreached := f.unreached(t)
	if !f.domain.OwnFields || t.PkgPath() == "" || !f.domain.Own(t.PkgPath()) {
		p.hook = hookOf(t, unreached == "")
	}
	if p.hook != hookNone {
		return opHook
	}
	if p.why = neverCopied(t); p.why != "" {
		return opRefused
	}
	if p.kind == reflect.Struct && f.domain.isHandle(reflect.PointerTo(t)) {
		p.why = "it cannot be copied: pass a pointer to it"
		return opRefused
	}
	if t.Size() == 0 {
		return opEmpty
	}
	if p.why = unreached; p.why != "" {
		return opRefused
	}
	switch p.kind {
	case reflect.Bool:
		return opBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return opInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return opUint
	case reflect.Float32, reflect.Float64:
		return opFloat
	case reflect.Complex64, reflect.Complex128:
		return opComplex
	case reflect.String:
		return opString
	case reflect.Chan, reflect.UnsafePointer:
		return opNil
	case reflect.Func:
		return opFunc
	case reflect.Pointer:
		if f.domain.isHandle(t) {
			return opHandle
		}
		return opPointer
	case reflect.Slice:
		return opSlice
	case reflect.Array:
		return opArray
	case reflect.Map:
		return opMap
	case reflect.Struct:
		return opStruct
	case reflect.Interface:
		return opInterface
	}
	p.why = "values of this kind are not known"
	return opRefused
}

// unreached says why the fields of a struct do not all travel.
func (f planner) unreached(t reflect.Type) (why string) {
	if t.Kind() != reflect.Struct {
		return ""
	}
	for i := range t.NumField() {
		if field := t.Field(i); field.Name != "_" && !f.domain.reaches(field) {
			return "its field " + field.Name + " is not exported: export its fields, or give it MarshalBinary and UnmarshalBinary"
		}
	}
	return ""
}

// measure finds the sizes of p.
func (p *plan) measure() {
	switch p.op {
	case opEmpty:
		p.least = 0
	case opBool, opInt, opUint:
		p.flat = numberSize(p.kind)
		p.image = littleEndian && p.typ.Size() == uintptr(p.flat)
	case opFloat, opComplex:
		p.least = 8
		if p.op == opComplex {
			p.least = 16
		}
		p.flat, p.image = int(p.typ.Size()), littleEndian
	case opArray:
		each := p.elem.each()
		p.least = math.MaxInt
		if each <= math.MaxInt/p.typ.Len() {
			p.least = each * p.typ.Len()
			if p.elem.flat > 0 {
				p.flat, p.image = p.least, p.elem.image && !p.elem.holdsBool()
			}
		}
	case opStruct:
		p.least = 0
		flat := len(p.fields) == p.typ.NumField()
		size := 0
		p.image = true
		for _, f := range p.fields {
			p.least = saturated(p.least, f.least)
			size = saturated(size, f.flat)
			flat = flat && f.flat > 0
			p.image = p.image && f.image && !f.holdsBool()
		}
		if flat && size < math.MaxInt {
			p.flat = size
		}
		p.image = p.image && p.flat > 0 && uintptr(p.flat) == p.typ.Size()
	}
}

// holdsBool reports whether not all bytes of the memory of a flat value are valid
// ones and must be looked at.
func (p *plan) holdsBool() bool { return p.kind == reflect.Bool }

// each returns the least number of bytes of an element of a slice or array.
func (p *plan) each() int {
	if p.flat > 0 {
		return p.flat
	}
	return p.least
}

func saturated(a, b int) int {
	if b > math.MaxInt-a {
		return math.MaxInt
	}
	return a + b
}

// mayHoldAnything reports whether values of a comparable type may turn out not to
// be comparable.
func mayHoldAnything(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return mayHoldAnything(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if mayHoldAnything(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
