package compiled

import (
	"go/types"
	"strconv"

	"golang.org/x/tools/go/ssa"
)

// A printer appends an operand as package runtime prints it.
type printer func(b []byte, fr *frame) []byte

// print compiles print and println, which differ by what stands between and
// after the operands. A call is written at once.
func (c *compiler) print(args []ssa.Value, between, after string) step {
	printers := make([]printer, len(args))
	for i, a := range args {
		printers[i] = c.printer(a)
	}
	write := c.e.options.Print
	return func(fr *frame) {
		var b []byte
		for i, p := range printers {
			if i > 0 {
				b = append(b, between...)
			}
			b = p(b, fr)
		}
		write(append(b, after...))
	}
}

func (c *compiler) printer(v ssa.Value) printer {
	off := c.reg(v)
	switch classOf(v.Type()) {
	case boolean:
		return func(b []byte, fr *frame) []byte { return strconv.AppendBool(b, *at[bool](fr, off)) }
	case i8:
		return printSigned[int8](off)
	case i16:
		return printSigned[int16](off)
	case i32:
		return printSigned[int32](off)
	case i64:
		return printSigned[int64](off)
	case u8:
		return printUnsigned[uint8](off)
	case u16:
		return printUnsigned[uint16](off)
	case u32:
		return printUnsigned[uint32](off)
	case u64:
		return printUnsigned[uint64](off)
	case f32:
		return func(b []byte, fr *frame) []byte {
			return strconv.AppendFloat(b, float64(*at[float32](fr, off)), 'g', -1, 32)
		}
	case f64:
		return func(b []byte, fr *frame) []byte { return strconv.AppendFloat(b, *at[float64](fr, off), 'g', -1, 64) }
	case c64:
		return func(b []byte, fr *frame) []byte {
			return append(b, strconv.FormatComplex(complex128(*at[complex64](fr, off)), 'g', -1, 64)...)
		}
	case c128:
		return func(b []byte, fr *frame) []byte {
			return append(b, strconv.FormatComplex(*at[complex128](fr, off), 'g', -1, 128)...)
		}
	case str:
		return func(b []byte, fr *frame) []byte { return append(b, *at[string](fr, off)...) }
	case ptr:
		return func(b []byte, fr *frame) []byte { return appendPointer(b, *at[pointer](fr, off)) }
	case ifc:
		return func(b []byte, fr *frame) []byte {
			x := *at[iface](fr, off)
			b = appendPointer(append(b, '('), x.tab)
			return append(appendPointer(append(b, ','), x.data), ')')
		}
	case slc:
		return func(b []byte, fr *frame) []byte {
			s := *at[slice](fr, off)
			b = strconv.AppendInt(append(b, '['), int64(s.len), 10)
			b = strconv.AppendInt(append(b, '/'), int64(s.cap), 10)
			return appendPointer(append(b, ']'), s.ptr)
		}
	}
	panic("print of " + types.TypeString(v.Type(), nil))
}

func printSigned[T signed](off uintptr) printer {
	return func(b []byte, fr *frame) []byte { return strconv.AppendInt(b, int64(*at[T](fr, off)), 10) }
}

func printUnsigned[T unsigned](off uintptr) printer {
	return func(b []byte, fr *frame) []byte { return strconv.AppendUint(b, uint64(*at[T](fr, off)), 10) }
}

func appendPointer(b []byte, p pointer) []byte {
	return strconv.AppendUint(append(b, "0x"...), uint64(uintptr(p)), 16)
}
