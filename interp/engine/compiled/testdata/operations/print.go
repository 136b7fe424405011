package main

import "math"

type T struct{ a int }
type I interface{ M() }

func main() {
	var u8 uint8 = 255
	var i8 int8 = -128
	var up uintptr = 0xff
	f := 1.5
	var f32 float32 = 0.1
	var nilp *int
	var m map[string]int
	var c chan int
	var fn func()
	var e any
	var i I
	var s []int
	println()
	print()
	println(1, -1, u8, i8, up, uint64(1<<64-1), int64(-1<<63), 'a', "str", true, false)
	println(f, f32, -f, 0.0, math.Inf(1), math.Inf(-1), math.NaN(), 1e100, 1e-7, 123456789.0, math.Copysign(0, -1), 3.0, 1e21, 1e20)
	println(1+2i, complex64(0.5-2i), complex(math.Inf(1), math.NaN()))
	println(nilp, m, c, fn, e, i, s, s == nil)
	println(make([]int, 3, 10)[:2][1:] != nil, 1<<3, 2.5*2)
	print("a", 1, "b", 2, "\n")
	print(1, 2, 3, "\n")
	const big = 1 << 40
	println(big, 'x', 1.0, 2i)
	println(float32(16777216.0), float32(1e10), f*1e15, 100000.0, 1234567.0, 12345678901234567890.0)
	type S string
	println(S("named"), T{3}.a)
	defer println("deferred", f)
	f = 2
	for i := range 3 {
		defer print(i, " ")
	}
}
