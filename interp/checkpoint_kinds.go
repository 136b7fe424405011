package interp

import (
	"bytes"
	"reflect"
	"sync"
	"sync/atomic"

	"cuaderno/internal/codec"
	"cuaderno/interp/engine/compiled"
)

// This file says how values travel into the remains of a session and out of them.
// There is no other process that could share anything, so that locks at rest and
// counters travel as well, and objects of package mp do not. No method of the
// notebook is called.

// keptKinds implements codec.Symbols: functions and types have the names that they
// have for other processes, but functions do not bring the variables that they
// mention, which are kept on their own.
type keptKinds struct {
	*linker
	domain *codec.Domain
	met    []compiled.Function // in what was encoded
}

func newKeptKinds(l *linker) *keptKinds {
	k := &keptKinds{linker: l}
	k.domain = domain(k)
	own := k.domain.Own
	k.domain.Own = func(path string) bool {
		return own(path) || path == "bytes" || path == "container/list" || path == "container/ring"
	}
	k.domain.OwnFields = true
	k.domain.Handles = lostHandles{k.domain.Handles}
	k.domain.Images = map[reflect.Type]codec.Image{
		reflect.TypeFor[sync.Mutex]():     atRest(locked),
		reflect.TypeFor[sync.RWMutex]():   atRest(locked),
		reflect.TypeFor[sync.WaitGroup](): atRest(inUse),
		reflect.TypeFor[sync.Once]():      onceAtRest,
	}
	for _, t := range []reflect.Type{
		reflect.TypeFor[atomic.Bool](), reflect.TypeFor[atomic.Int32](), reflect.TypeFor[atomic.Int64](),
		reflect.TypeFor[atomic.Uint32](), reflect.TypeFor[atomic.Uint64](), reflect.TypeFor[atomic.Uintptr](),
	} {
		k.domain.Images[t] = func([]byte) string { return "" }
	}
	return k
}

// atRest accepts objects of package sync that are as they were made.
func atRest(otherwise string) codec.Image {
	return func(memory []byte) string {
		if len(bytes.Trim(memory, "\x00")) > 0 {
			return otherwise
		}
		return ""
	}
}

// onceAtRest accepts a sync.Once that is not being done.
func onceAtRest(memory []byte) string {
	var done, never sync.Once
	done.Do(func() {})
	for _, once := range []*sync.Once{&done, &never} {
		if bytes.Equal(memory, codec.Memory(reflect.ValueOf(once))) {
			return ""
		}
	}
	return inUse
}

// FunctionName implements codec.Symbols.
func (k *keptKinds) FunctionName(v reflect.Value) (string, []reflect.Value, error) {
	f, err := k.engine.Function(v)
	if err != nil {
		return "", nil, err
	}
	k.met = append(k.met, f)
	return ownName(f), f.Captures, nil
}

// lostHandles are objects that do not outlive the session's processes.
type lostHandles struct{ codec.Handles }

func (lostHandles) EncodeHandle(_ *codec.Encoder, v reflect.Value) error {
	return codec.Refuse(v.Type(), "it belongs to the processes of the session")
}
