package compiled

import (
	"go/types"
	"math"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// intrinsic compiles calls of small compiled functions that programs call often,
// for which even a call by the registers' rules is long. It returns nil for all
// others.
func (c *compiler) intrinsic(fn *ssa.Function, call *ssa.CallCommon, dst uintptr, wanted bool) step {
	obj, ok := fn.Object().(*types.Func)
	if !ok || obj.Pkg() == nil {
		return nil
	}
	switch obj.Pkg().Path() {
	case "strings":
		return c.builderCall(obj.FullName(), call, wanted)
	case "math":
		if f := mathFunctions[obj.Name()]; f != nil && wanted && obj.Signature().Recv() == nil {
			return f(dst, get[float64](c, call.Args[0]))
		}
	}
	return nil
}

// builderCall compiles the calls of a strings.Builder whose results, of which the
// error is always nil, nobody wants.
func (c *compiler) builderCall(name string, call *ssa.CallCommon, wanted bool) step {
	if wanted {
		return nil
	}
	switch name {
	case "(*strings.Builder).WriteString":
		b, x := get[pointer](c, call.Args[0]), get[string](c, call.Args[1])
		return func(fr *frame) {
			x := x(fr)
			(*strings.Builder)(b(fr)).WriteString(x)
		}
	case "(*strings.Builder).WriteByte":
		b, x := get[pointer](c, call.Args[0]), get[uint8](c, call.Args[1])
		return func(fr *frame) {
			x := x(fr)
			(*strings.Builder)(b(fr)).WriteByte(x)
		}
	case "(*strings.Builder).WriteRune":
		b, x := get[pointer](c, call.Args[0]), get[int32](c, call.Args[1])
		return func(fr *frame) {
			x := x(fr)
			(*strings.Builder)(b(fr)).WriteRune(x)
		}
	}
	return nil
}

// mathFunctions are those that the compiler has instructions for.
var mathFunctions = map[string]func(dst uintptr, x value[float64]) step{
	"Sqrt": func(dst uintptr, x value[float64]) step {
		return func(fr *frame) { *at[float64](fr, dst) = math.Sqrt(x(fr)) }
	},
	"Abs": func(dst uintptr, x value[float64]) step {
		return func(fr *frame) { *at[float64](fr, dst) = math.Abs(x(fr)) }
	},
	"Floor": func(dst uintptr, x value[float64]) step {
		return func(fr *frame) { *at[float64](fr, dst) = math.Floor(x(fr)) }
	},
}
