package compiled

import (
	"errors"
	"go/constant"
	"reflect"
	"runtime"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// checkWrapped compiles the check of a wrapper that calls a value's method with a
// pointer: the arguments are the pointer, its type and the method's name.
func (c *compiler) checkWrapped(dst uintptr, args []ssa.Value) step {
	x := c.reg(args[0])
	typ, method := constantString(args[1]), constantString(args[2])
	return func(fr *frame) {
		p := *at[pointer](fr, x)
		if p == nil {
			panicWrapper(typ, method)
		}
		*at[pointer](fr, dst) = p
	}
}

func constantString(v ssa.Value) string { return constant.StringVal(v.(*ssa.Const).Value) }

// panicWrapper is the panic of a call of a value's method with a nil pointer, for
// a type that is qualified by its package.
func panicWrapper(typ, method string) {
	// As in the names of functions, type arguments are left out.
	if i := strings.IndexByte(typ, '['); i >= 0 {
		typ = typ[:i] + "[...]"
	}
	name := typ[strings.LastIndexByte(typ, '/')+1:]
	name = name[strings.IndexByte(name, '.')+1:]
	panic(plainError("value method " + typ + "." + method + " called using nil *" + name + " pointer"))
}

// plainError returns an error of the runtime with the text, of the type that it
// has for texts that do not start with "runtime error".
func plainError(text string) (err runtime.Error) {
	defer func() {
		caught, ok := recover().(runtime.Error)
		if !ok {
			panic(errors.New("a closed channel was closed without a panic"))
		}
		e := reflect.New(reflect.TypeOf(caught)).Elem()
		e.SetString(text)
		err = e.Interface().(runtime.Error)
	}()
	c := make(chan struct{})
	close(c)
	close(c)
	return nil
}
