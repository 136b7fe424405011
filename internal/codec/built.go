package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"sync"
)

// Package reflect keeps every type that it has made for ever. What messages can
// make it keep is bounded: one type by the length of what it would look like
// written out, which can be exponentially longer than its description, and all
// types of a Domain by their sum.
const (
	maxTypeWeight  = 1 << 16
	maxTypesWeight = 16 << 20
)

// builtTypes are the types that messages to a Domain have described.
type builtTypes struct {
	mu     sync.RWMutex
	plans  map[typeKey]*plan
	weight int
}

// typeKey tells composite types apart.
type typeKey struct {
	kind      reflect.Kind
	length    int
	key, elem *plan
	shape     string // of a struct or func
}

// build returns the plan of the composite type that make makes. parts are what it
// is made of.
func (d *Domain) build(key typeKey, parts []*plan, extra int, make func() reflect.Type) (p *plan, err error) {
	d.types.mu.RLock()
	p = d.types.plans[key]
	d.types.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	weight := 64 + len(key.shape) + extra
	for _, part := range parts {
		weight += len(part.typ.String())
	}
	if weight > maxTypeWeight {
		return nil, fmt.Errorf("%w: it describes a type that is too large", errCorrupt)
	}
	d.types.mu.Lock()
	defer d.types.mu.Unlock()
	if d.types.weight+weight > maxTypesWeight {
		return nil, fmt.Errorf("mp: decoding a value: too many different types have been received without a name")
	}
	t, err := made(make)
	if err != nil {
		return nil, err
	}
	if d.types.plans == nil {
		d.types.plans = map[typeKey]*plan{}
	}
	p = d.plan(t)
	d.types.plans[key] = p
	d.types.weight += weight
	return p, nil
}

// made calls make. Package reflect answers descriptions that no type has by
// panics.
func made(make func() reflect.Type) (t reflect.Type, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errCorrupt, r)
		}
	}()
	return make(), nil
}

// listOf returns the plan of an array, slice, pointer or map. length is an
// array's, key a map's.
func (d *Domain) listOf(kind reflect.Kind, length int, key, elem *plan) (*plan, error) {
	extra := 0
	switch kind {
	case reflect.Array:
		if size := elem.typ.Size(); size > 0 && uint64(length) > math.MaxInt32/uint64(size) {
			return nil, fmt.Errorf("%w: it describes an array that is too large", errCorrupt)
		}
		extra = int(min(uint64(length)*uint64(elem.typ.Size())/64, math.MaxInt32)) // a bit for each word
		if elem.flat > 0 || elem.kind == reflect.String && length < 1<<20 {
			extra = 0
		}
	case reflect.Map:
		if !key.typ.Comparable() {
			return nil, fmt.Errorf("%w: it describes a map whose keys cannot be compared", errCorrupt)
		}
	}
	parts := [2]*plan{elem, key}
	n := 1
	if key != nil {
		n = 2
	}
	return d.build(typeKey{kind: kind, length: length, key: key, elem: elem}, parts[:n], extra, func() reflect.Type {
		switch kind {
		case reflect.Array:
			return reflect.ArrayOf(length, elem.typ)
		case reflect.Slice:
			return reflect.SliceOf(elem.typ)
		case reflect.Pointer:
			return reflect.PointerTo(elem.typ)
		}
		return reflect.MapOf(key.typ, elem.typ)
	})
}

// A describedField is a field of a struct whose type a message describes.
type describedField struct {
	name, tag string
	embedded  bool
	*plan
}

func (d *Domain) structOf(fields []describedField) (*plan, error) {
	var shape []byte
	parts := make([]*plan, len(fields))
	for i, f := range fields {
		if f.embedded && f.typ.NumMethod() > 0 {
			return nil, fmt.Errorf("%w: it describes a type that embeds methods", errCorrupt)
		}
		parts[i] = f.plan
		for _, text := range [...]string{f.name, f.tag} {
			shape = binary.AppendUvarint(shape, uint64(len(text)))
			shape = append(shape, text...)
		}
		shape = strconv.AppendBool(shape, f.embedded)
	}
	return d.build(typeKey{kind: reflect.Struct, shape: identities(shape, parts)}, parts, 0, func() reflect.Type {
		list := make([]reflect.StructField, len(fields))
		for i, f := range fields {
			list[i] = reflect.StructField{Name: f.name, Tag: reflect.StructTag(f.tag), Anonymous: f.embedded, Type: f.typ}
		}
		return reflect.StructOf(list)
	})
}

func (d *Domain) funcOf(in, out []*plan, variadic bool) (*plan, error) {
	if variadic && (len(in) == 0 || in[len(in)-1].kind != reflect.Slice) {
		return nil, errCorrupt
	}
	parts := append(in[:len(in):len(in)], out...)
	shape := strconv.AppendBool(strconv.AppendInt(nil, int64(len(in)), 10), variadic)
	return d.build(typeKey{kind: reflect.Func, shape: identities(shape, parts)}, parts, 0, func() reflect.Type {
		return reflect.FuncOf(types(in), types(out), variadic)
	})
}

// identities appends what tells plans apart, which live as long as their Domain.
func identities(shape []byte, parts []*plan) string {
	for _, p := range parts {
		shape = append(shape, ' ')
		shape = strconv.AppendUint(shape, uint64(reflect.ValueOf(p).Pointer()), 36)
	}
	return string(shape)
}

func types(plans []*plan) []reflect.Type {
	list := make([]reflect.Type, len(plans))
	for i, p := range plans {
		list[i] = p.typ
	}
	return list
}
