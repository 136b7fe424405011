package mpruntime

import (
	"reflect"
	"testing"
)

// Every type that is a handle keeps its name in an interface.
func TestHandleTypes(t *testing.T) {
	for _, typ := range handleTypes() {
		if !(handles{}).IsHandle(reflect.PointerTo(typ)) {
			t.Errorf("*%s is no handle", typ)
		}
	}
}
