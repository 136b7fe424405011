package rtype

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"unsafe"
)

// release is the Go release whose layouts this package knows.
const release = "go1.26"

// Check returns an error that says what to do when this program was built with
// a Go release, or for a machine, that the package does not know. Nothing else
// here may be called then.
func Check() error { return check(runtime.Version()) }

func check(version string) error {
	if version != release && !strings.HasPrefix(version, release+".") {
		return fmt.Errorf("this program was built with %s, but knows the runtime types of %s only: build it with the toolchain that go.mod names", version, release)
	}
	if slotCount == 0 {
		return fmt.Errorf("cells cannot declare types on %s: use a build for amd64 or arm64", runtime.GOARCH)
	}
	for _, check := range []func() error{checkMirrors, checkSamples, checkSlots} {
		if err := check(); err != nil {
			return fmt.Errorf("the runtime types of %s are not as expected (%w): build with the toolchain that go.mod names", version, err)
		}
	}
	return nil
}

// checkMirrors compares layout.go with the descriptors of internal/abi's types,
// as far as reflection leads to them.
func checkMirrors() error {
	// A reflect.Type is a *reflect.rtype, whose only field is an abi.Type.
	rtype := reflect.TypeOf(reflect.TypeFor[int]()).Elem()
	if rtype.Kind() != reflect.Struct || rtype.NumField() != 1 {
		return fmt.Errorf("reflect.Type is a %v", rtype)
	}
	descriptor := rtype.Field(0).Type
	if err := checkMirror(reflect.TypeFor[abiType](), descriptor); err != nil {
		return err
	}
	// The names are constants here, so that the linker keeps these methods.
	of := reflect.PointerTo(descriptor)
	methods := map[reflect.Type]func() (reflect.Method, bool){
		reflect.TypeFor[abiArray]():     func() (reflect.Method, bool) { return of.MethodByName("ArrayType") },
		reflect.TypeFor[abiFunc]():      func() (reflect.Method, bool) { return of.MethodByName("FuncType") },
		reflect.TypeFor[abiInterface](): func() (reflect.Method, bool) { return of.MethodByName("InterfaceType") },
		reflect.TypeFor[abiMap]():       func() (reflect.Method, bool) { return of.MethodByName("MapType") },
		reflect.TypeFor[abiStruct]():    func() (reflect.Method, bool) { return of.MethodByName("StructType") },
		reflect.TypeFor[abiUncommon]():  func() (reflect.Method, bool) { return of.MethodByName("Uncommon") },
		reflect.TypeFor[abiMethod]():    func() (reflect.Method, bool) { return of.MethodByName("ExportedMethods") },
	}
	for mirror, method := range methods {
		m, ok := method()
		if !ok || m.Type.NumOut() != 1 || m.Type.Out(0).Kind() != reflect.Pointer && m.Type.Out(0).Kind() != reflect.Slice {
			return fmt.Errorf("nothing leads to the original of %v", mirror)
		}
		if err := checkMirror(mirror, m.Type.Out(0).Elem()); err != nil {
			return err
		}
	}
	return nil
}

// checkMirror compares a struct with its original, field by field.
func checkMirror(mirror, original reflect.Type) error {
	if mirror.Kind() != original.Kind() || mirror.Size() != original.Size() || mirror.Align() != original.Align() {
		return fmt.Errorf("%v is not laid out like %v", mirror, original)
	}
	switch mirror.Kind() {
	case reflect.Slice:
		return checkMirror(mirror.Elem(), original.Elem())
	case reflect.Struct:
		if mirror.NumField() != original.NumField() {
			return fmt.Errorf("%v has %d fields", original, original.NumField())
		}
		for i := range mirror.NumField() {
			m, o := mirror.Field(i), original.Field(i)
			if m.Name != o.Name || m.Offset != o.Offset {
				return fmt.Errorf("%v has a field %s at %d", original, o.Name, o.Offset)
			}
			if err := checkMirror(m.Type, o.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSamples looks at compiled types whose descriptors it can foretell.
func checkSamples() error {
	type sample struct {
		F float64 `tag:"text"`
		_ *int
		reflect.Kind
	}
	word := func(rt reflect.Type) *abiType { return (*abiType)(TypePointer(rt)) }

	for rt, want := range map[reflect.Type]uint8{
		reflect.TypeFor[int]():     flagUncommon | flagNamed | flagRegularMemory,
		reflect.TypeFor[float64](): flagUncommon | flagNamed,
		reflect.TypeFor[*[4]int](): flagRegularMemory | flagDirectIface,
		reflect.TypeFor[sample]():  flagUncommon | flagNamed,
	} {
		if got := word(rt).TFlag &^ flagExtraStar; got != want {
			return fmt.Errorf("the flags of %v are %#x", rt, got)
		}
	}
	if ptr := (*abiElem)(TypePointer(reflect.TypeFor[*sample]())); ptr.Elem != word(reflect.TypeFor[sample]()) {
		return fmt.Errorf("a pointer type does not lead to its element")
	}
	if slice := (*abiElem)(TypePointer(reflect.TypeFor[[]sample]())); slice.Elem != word(reflect.TypeFor[sample]()) {
		return fmt.Errorf("a slice type does not lead to its element")
	}
	if ch := (*abiChan)(TypePointer(reflect.TypeFor[chan<- int]())); ch.Elem != word(reflect.TypeFor[int]()) || ch.Dir != int(reflect.SendDir) {
		return fmt.Errorf("a channel type has another element or direction")
	}
	if fn := (*abiFunc)(TypePointer(reflect.TypeFor[func(int, ...string) error]())); fn.InCount != 2 || fn.OutCount != 1|variadicOut {
		return fmt.Errorf("a func type has other parameters")
	}
	var names nameTable
	st := (*abiStruct)(TypePointer(reflect.TypeFor[sample]()))
	for i, want := range []abiName{names.field("F", `tag:"text"`, false), names.field("_", "", false), names.field("Kind", "", true)} {
		n := len("x") + 1
		if i == 0 {
			n = 1 + 1 + len("F") + 1 + len(`tag:"text"`)
		}
		if got := unsafe.String(st.Fields[i].Name.Bytes, n); got != unsafe.String(want.Bytes, n) {
			return fmt.Errorf("a field's name is encoded as %q", got)
		}
	}
	if !st.Fields[1].Name.isBlank() || st.Fields[0].Name.isBlank() {
		return fmt.Errorf("blank fields are encoded otherwise")
	}
	return nil
}

// checkSlots compares the distance of the slots with what the assembler made.
func checkSlots() error {
	code := func(i int) string { return unsafe.String((*byte)(slotCodeAt(i)), slotSize) }
	for _, i := range []int{0, 1, slotCount/2 - 1, slotCount - 1} {
		if got := slotTarget(i); got != uintptr(unsafe.Pointer(&slots[i])) {
			return fmt.Errorf("method slot %d is %x", i, code(i))
		}
	}
	return nil
}
