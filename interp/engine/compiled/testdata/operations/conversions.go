package main

import (
	"fmt"
	"math"
	"unsafe"
)

type Bytes []byte
type Runes []rune
type Byte byte
type MyS string
type Flt float64
type node struct {
	v    int8
	next *node
	f    float32
}

func try(f func()) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Printf("panic: %v %T\n", e, e)
		}
	}()
	f()
}

func nums[T int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint | uintptr | float32 | float64](xs ...T) {
	for _, x := range xs {
		fmt.Println(int8(x), int16(x), int32(x), int64(x), int(x), uint8(x), uint16(x), uint32(x), uint64(x), uint(x), uintptr(x), float32(x), float64(x))
		fmt.Println(-x, +x, x == x, min(x, 3), max(x, 2, 5))
	}
}

func ints[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](xs ...T) {
	for _, x := range xs {
		fmt.Printf("%v %v %q %v\n", ^x, -x, string(rune(x)), x&^3)
	}
}

func strs[T int8 | int32 | int64 | uint8 | uint64](x T) string { return string(rune(x)) }

func sizes[T any](x struct {
	a byte
	b T
}) {
	fmt.Println(unsafe.Sizeof(x), unsafe.Alignof(x), unsafe.Offsetof(x.b), unsafe.Sizeof(x.b), unsafe.Alignof(x.b))
}

func conv[D, S ~[]byte | ~string](s S) D { return D(s) }

func main() {
	nums[int8](-128, 127, 0, -1)
	nums[int16](-32768, 300)
	nums[int32](-1<<31, 1<<31-1)
	nums[int64](-1<<63, 1<<63-1, 1<<53+1)
	nums[int](1<<62, -7)
	nums[uint8](255, 128)
	nums[uint16](65535)
	nums[uint32](1<<32-1, 1<<31)
	nums[uint64](1<<64-1, 1<<63, 1<<63+1025)
	nums[uint](1 << 63)
	nums[uintptr](77)
	nums[float32](1.5, -1.5, 1e10, 255.9)
	nums[float64](1.9, -1.9, 1e18, 3.7e9, 1<<63)
	ints[int8](5, -5)
	ints[uint64](1<<63, 65)
	ints[int32](0x4e16, -1)
	big := math.Inf(1)
	fmt.Println(float32(big*2), float64(float32(0.1)), float32(big), -big, math.Signbit(-(big-big)) || true)
	zero := 0.0
	fmt.Println(1/zero, -1/zero, math.Signbit(-zero), zero == -zero)
	c := complex(zero+1, 2)
	c64 := complex64(c)
	fmt.Println(c64, complex128(c64), -c, -c64, real(c64), imag(c), c == complex128(c64), c64 != 3)
	var i64 int64 = 0x1F600
	var u64 uint64 = 1<<63 + 65
	var r rune = 0xD800
	var u8 byte = 233
	var neg int8 = -1
	var big64 int64 = 1<<32 + 65
	fmt.Printf("%q %q %q %q %q %q\n", string(rune(i64)), string(rune(u64)), string(r), string(rune(u8)), string(rune(neg)), string(rune(big64)))
	fmt.Printf("%q %q %q %q %q\n", stringOf(i64), stringOf(u64), stringOf(u8), stringOf(neg), stringOf(big64))
	s := "héllo\xff世"
	bs, rs := []byte(s), []rune(s)
	fmt.Println(bs, rs, string(bs) == s, string(rs), len([]byte("")), []byte("") == nil, []rune("") == nil)
	fmt.Println(string(Bytes(s)), string(Runes(s)), MyS(bs), []Byte(s)[0], string([]Byte(s)), MyS("x")+MyS(s[:1]))
	bs[0] = 'j'
	fmt.Println(s[:1], string(bs[:1]), Bytes(bs)[0], conv[string](bs)[:2], conv[[]byte]("q"), conv[Bytes](MyS("zz")))
	fmt.Println(Flt(3)/2, int(Flt(zero+2.9)), Flt(float32(0.5)))
	n := &node{v: 1, f: 2.5}
	p := unsafe.Pointer(n)
	fp := (*float32)(unsafe.Add(p, unsafe.Offsetof(n.f)))
	*fp++
	fmt.Println(n.f, *(*int8)(p), uintptr(p) != 0, (*node)(unsafe.Pointer(uintptr(p))) == n)
	arr := [4]int16{1, 2, 3, 4}
	sl := unsafe.Slice(&arr[1], 3)
	sl[0] = 20
	fmt.Println(arr, sl, unsafe.SliceData(sl) == &arr[1], unsafe.String(unsafe.StringData("hello"), 3), cap(unsafe.Slice((*int)(nil), 0)), unsafe.Slice((*int)(nil), 0) == nil)
	sizes(struct {
		a byte
		b int64
	}{})
	sizes(struct {
		a byte
		b string
	}{})
	sizes(struct {
		a byte
		b int16
	}{})
	m1 := -1
	var hu uint64 = 1 << 63
	try(func() { _ = unsafe.Slice(&arr[0], m1) })
	try(func() { var q *int16; _ = unsafe.Slice(q, 3) })
	try(func() { _ = unsafe.Slice(&arr[0], hu) })
	try(func() { _ = unsafe.String((*byte)(nil), 3) })
	try(func() { _ = unsafe.String(&u8, m1) })
	try(func() { x := unsafe.Slice(&arr[0], 1<<62); _ = x })
	fmt.Println(float64(u64), float32(u64), uint64(float64(u64)), int64(float32(zero)-3.99), uint8(300+int(neg)), uint32(1<<31)+uint32(u8))
	b := true
	fmt.Println(!b, b != !b, b && !b)
	bits := *(*uint64)(unsafe.Pointer(&zero))
	fmt.Println(bits, ^bits, ^u8, ^neg)
	type t1 struct {
		A int `x:"1"`
	}
	type t2 struct{ A int }
	fmt.Println(t2(t1{3}), (*t2)(&t1{4}).A, []t2{t2(t1{5})})
	var f func(int) int = func(i int) int { return i }
	type fn func(int) int
	fmt.Println(fn(f)(3), (<-chan int)(make(chan int)) != nil)
}

func stringOf[T int64 | uint64 | byte | int8](x T) string { return string(rune(x)) }
