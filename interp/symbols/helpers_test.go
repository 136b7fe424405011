package symbols

import (
	"runtime"
	"testing"
	"time"
	"unsafe"
)

func TestCanonicalPointers(t *testing.T) {
	type pair struct{ a, b string }
	p, q := canonicalize(pair{"x", "y"}), canonicalize(pair{"x", string([]byte("y"))})
	if p != q {
		t.Error("equal values have different pointers")
	}
	if p == canonicalize(pair{"y", "x"}) || canonicalize(1) == canonicalize(int64(1)) {
		t.Error("different values share a pointer")
	}
	if got := *(*any)(p); got != (pair{"x", "y"}) {
		t.Errorf("the pointer leads to %v", got)
	}
	if got := *(*any)(canonicalize(nil)); got != nil {
		t.Errorf("nil became %v", got)
	}
}

func TestWeakPointers(t *testing.T) {
	x := new([64]int)
	u := weaken(unsafe.Pointer(x))
	if strengthen(u) != unsafe.Pointer(x) || weaken(unsafe.Pointer(x)) != u {
		t.Error("the way there and back leads elsewhere")
	}
	cleaned := make(chan bool)
	addCleanup(unsafe.Pointer(x), func() { close(cleaned) }, 1)
	runtime.KeepAlive(x)
	x = nil //nolint:ineffassign // so that nothing keeps it
	for done, limit := false, time.After(30*time.Second); !done; {
		runtime.GC()
		select {
		case <-cleaned:
			done = true
		case <-limit:
			t.Fatal("no cleanup after collection")
		default:
		}
	}
	if strengthen(u) != nil {
		t.Error("the weak pointer kept its object")
	}
}
