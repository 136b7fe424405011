package codec

import (
	"iter"
	"reflect"
	"sync"
	"time"
)

// A Domain is what both ends of a message know beside the structure of values. Its
// fields are not changed after its first use, it is not copied, and any number of
// goroutines may use it. It remembers how types travel, so that one Domain should
// serve many messages. A nil Domain knows nothing.
type Domain struct {
	// Symbols names types and functions, if not nil.
	Symbols Symbols
	// Handles are the objects that travel as descriptors, if not nil.
	Handles Handles
	// Errors are those that stay themselves.
	Errors []NamedError
	// Types are compiled types that keep their names in interfaces.
	Types []reflect.Type
	// Own reports whether the unexported fields of a package's types travel. A nil
	// Own has none.
	Own func(path string) bool
	// OwnFields has own types travel by their fields also where they have methods
	// that encode them: no code of the user runs.
	OwnFields bool
	// Images are compiled types that travel as memory. Both ends have the same.
	Images map[reflect.Type]Image

	planning  sync.Mutex              // while plans are being found
	plans     sync.Map                // reflect.Type to *plan
	naming    sync.Once               // of named
	named     map[string]reflect.Type // the registry
	firsts    sync.Map                // of a name to the *plan that had it first
	types     builtTypes
	locations sync.Map // of a name to *time.Location
	encoders  sync.Pool
	decoders  sync.Pool
}

// A NamedError is an error that is the same variable in every process.
type NamedError struct {
	Name string
	Err  error
}

// Symbols gives types and functions names by which another process finds its own.
type Symbols interface {
	// TypeName returns the name of a type; ok is false for types that are
	// described by their structure.
	TypeName(t reflect.Type) (name string, ok bool)
	// TypeNamed returns the type with a name, nil if there is none.
	TypeNamed(name string) reflect.Type

	// FunctionName returns the name of a function, which is not nil, and the values
	// that it has captured. Captured variables are pointers. The error says why the
	// function cannot be named.
	FunctionName(f reflect.Value) (name string, captures []reflect.Value, err error)
	// Captures returns the types of what the function with a name captures.
	Captures(name string) ([]reflect.Type, error)
	// FunctionNamed returns the function with a name and captured values, which are
	// of the types that Captures returned. They are still being decoded: they may be
	// kept and must not be looked into.
	FunctionNamed(name string, captures []reflect.Value) (reflect.Value, error)
}

// Handles are the objects that travel as descriptors.
type Handles interface {
	// IsHandle reports whether values of t, a pointer type, are handles.
	IsHandle(t reflect.Type) bool
	// EncodeHandle appends a handle, which is not nil. Its error is a
	// [NotCopyableError] where the handle itself is in the way.
	EncodeHandle(e *Encoder, v reflect.Value) error
	// DecodeHandle reads what EncodeHandle has appended into v, a pointer to a new
	// variable. With an error it leaves nothing open.
	DecodeHandle(d *Decoder, v reflect.Value) error
	// DiscardHandle closes what a handle has open that DecodeHandle has made and
	// that nobody gets, because the rest of the message was damaged.
	DiscardHandle(v reflect.Value)
}

func (d *Domain) isHandle(t reflect.Type) bool {
	return d.Handles != nil && d.Handles.IsHandle(t)
}

// nameOf returns the name by which a type travels, "" if it has none.
func (d *Domain) nameOf(t reflect.Type) string {
	if d.Symbols != nil {
		if name, ok := d.Symbols.TypeName(t); ok {
			return name
		}
	}
	if t.PkgPath() == "" {
		return ""
	}
	for r := range d.registry() {
		if r == t {
			return t.String()
		}
	}
	return ""
}

// typeNamed is the reverse of nameOf.
func (d *Domain) typeNamed(name string) reflect.Type {
	if d.Symbols != nil {
		if t := d.Symbols.TypeNamed(name); t != nil {
			return t
		}
	}
	d.naming.Do(func() {
		d.named = map[string]reflect.Type{}
		for r := range d.registry() {
			if d.named[r.String()] == nil {
				d.named[r.String()] = r
			}
		}
	})
	return d.named[name]
}

// registry yields the compiled types that keep their names in interfaces.
func (d *Domain) registry() iter.Seq[reflect.Type] {
	return func(yield func(reflect.Type) bool) {
		for _, t := range standardTypes {
			if !yield(t) {
				return
			}
		}
		for _, t := range d.Types {
			if !yield(t) {
				return
			}
		}
	}
}

// errors yields the errors that stay themselves.
func (d *Domain) errors() iter.Seq[NamedError] {
	return func(yield func(NamedError) bool) {
		for _, e := range standardErrors {
			if !yield(e) {
				return
			}
		}
		for _, e := range d.Errors {
			if !yield(e) {
				return
			}
		}
	}
}

// location returns the time zone with a name in this system's database, nil if
// there is none.
func (d *Domain) location(name string) *time.Location {
	if l, ok := d.locations.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	d.locations.Store(name, l)
	return l
}

func (d *Domain) errorNamed(name string) error {
	for known := range d.errors() {
		if known.Name == name {
			return known.Err
		}
	}
	return nil
}
