package symbols

import (
	"crypto/hkdf"
	"crypto/pbkdf2"
	"hash"
	"hash/maphash"
	"iter"
	"reflect"
	"runtime"
	"unique"
	"unsafe"
	"weak"
)

// helper returns the compiled function under a declaration without body in the
// sources of package stdlib, nil if there is none. The sources are GOROOT's
// and those in internal/stdgen/shims; both sides have the same signature.
func helper(path, name string) any {
	switch path + "." + name {
	case "crypto/hkdf.extract":
		return hkdf.Extract[hash.Hash]
	case "crypto/hkdf.expand":
		return hkdf.Expand[hash.Hash]
	case "crypto/hkdf.key":
		return hkdf.Key[hash.Hash]
	case "crypto/pbkdf2.key":
		return pbkdf2.Key[hash.Hash]
	case "database/sql.convertAssign":
		return convertAssign
	case "hash/maphash.comparableHash":
		return maphash.Comparable[any]
	case "hash/maphash.writeComparable":
		return maphash.WriteComparable[any]
	case "iter.pull":
		return pull
	case "maps.clone":
		return cloneMap
	case "runtime.addCleanup":
		return addCleanup
	case "unique.canonicalize":
		return canonicalize
	case "weak.runtime_registerWeakPointer":
		return weaken
	case "weak.runtime_makeStrongFromWeak":
		return strengthen
	}
	return nil
}

//go:linkname convertAssign database/sql.convertAssign
func convertAssign(dest, src any) error

//go:linkname cloneMap maps.clone
func cloneMap(m any) any

// pull is iter.Pull of a sequence of nothing.
func pull(seq func(yield func() bool)) (next func() bool, stop func()) {
	n, stop := iter.Pull(func(yield func(struct{}) bool) {
		seq(func() bool { return yield(struct{}{}) })
	})
	return func() bool {
		_, ok := n()
		return ok
	}, stop
}

// addCleanup is runtime.AddCleanup for the function run, which passes arg on.
// The compiled function sees arg if it is a pointer, to refuse one that would
// keep ptr alive.
func addCleanup(ptr unsafe.Pointer, run func(), arg any) runtime.Cleanup {
	if p, ok := pointer(arg); ok {
		return runtime.AddCleanup((*byte)(ptr), func(unsafe.Pointer) { run() }, p)
	}
	return runtime.AddCleanup((*byte)(ptr), func(run func()) { run() }, run)
}

// canonicalize returns the *any that a unique.Handle[any] consists of. It lives
// as long as the pointer does.
func canonicalize(value any) unsafe.Pointer {
	h := unique.Make(value)
	return *(*unsafe.Pointer)(unsafe.Pointer(&h))
}

// weaken returns what a weak.Pointer consists of, after its size-zero field.
func weaken(ptr unsafe.Pointer) unsafe.Pointer {
	p := weak.Make((*byte)(ptr))
	return *(*unsafe.Pointer)(unsafe.Pointer(&p))
}

func strengthen(u unsafe.Pointer) unsafe.Pointer {
	p := *(*weak.Pointer[byte])(unsafe.Pointer(&u))
	return unsafe.Pointer(p.Value())
}

// pointer returns v as a pointer, if it is of a pointer type.
func pointer(v any) (p unsafe.Pointer, ok bool) {
	if v := reflect.ValueOf(v); v.Kind() == reflect.Pointer || v.Kind() == reflect.UnsafePointer {
		return v.UnsafePointer(), true
	}
	return nil, false
}
