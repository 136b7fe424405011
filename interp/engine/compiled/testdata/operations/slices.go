package main

import "fmt"

func try(name string, f func()) {
	defer func() {
		if e := recover(); e != nil {
			if err, ok := e.(error); ok {
				_, rt := e.(interface{ RuntimeError() })
				fmt.Println(name, "error:", err.Error(), rt)
				return
			}
			fmt.Println(name, "panic:", e)
		}
	}()
	f()
}

type P struct{ X, Y int }
type Big struct {
	A [5]int
	S string
	P *P
}

var sinkI, minus = 0, -1
var sinkS []int
var any8 []byte
var grow []P
var g1 []byte
var g2 []string
var g3 []any
var g4 [][]int
var g5 []float32
var g6 []struct{}
var g7 []func()
var g8 []complex128
var g9 []bool

func main() {
	s := []int{1, 2, 3, 4, 5}
	str := "hello, wörld"
	arr := [4]int{1, 2, 3, 4}
	pa := &arr
	var np *[4]int
	n, m := 3, 9
	var u64 uint64 = 1<<64 - 1
	var u8 uint8 = 200
	var i8 int8 = -5
	var u32 uint32 = 4000000000
	for _, f := range []struct {
		n string
		f func()
	}{
		{"idx", func() { sinkI = s[m] }},
		{"idx-", func() { sinkI = s[minus] }},
		{"idxu", func() { sinkI = s[u64] }},
		{"idxu8", func() { sinkI = s[u8] }},
		{"idxi8", func() { sinkI = s[i8] }},
		{"idxarr", func() { sinkI = arr[m] }},
		{"idxstr", func() { _ = str[n*10] }},
		{"idxstru", func() { _ = str[u64] }},
		{"sl hi", func() { sinkS = s[:m] }},
		{"sl hi-", func() { sinkS = s[:minus] }},
		{"sl lo", func() { sinkS = s[m:] }},
		{"sl lo-", func() { sinkS = s[minus:] }},
		{"sl lohi", func() { sinkS = s[4:n] }},
		{"sl hiu", func() { sinkS = s[:u64] }},
		{"sl lou", func() { sinkS = s[u64:] }},
		{"sl lou32", func() { sinkS = s[u32:] }},
		{"sl3", func() { sinkS = s[:n:m] }},
		{"sl3b", func() { sinkS = s[:5:n] }},
		{"sl3c", func() { sinkS = s[4:n:n] }},
		{"sl3u", func() { sinkS = s[:2:u64] }},
		{"str hi", func() { _ = str[:m*10] }},
		{"str lo", func() { _ = str[m*10:] }},
		{"str lohi", func() { _ = str[m:n] }},
		{"str u", func() { _ = str[u64:] }},
		{"arr hi", func() { sinkS = pa[:m] }},
		{"arr lo", func() { sinkS = pa[m:] }},
		{"arr lohi", func() { sinkS = pa[4:n] }},
		{"arr3", func() { sinkS = pa[:n:m] }},
		{"arr3-", func() { sinkS = pa[:n:minus] }},
		{"arr3u", func() { sinkS = pa[:n:u64] }},
		{"arr3b", func() { sinkS = pa[:4:n] }},
		{"nilarr", func() { sinkS = np[:] }},
		{"nilarr2", func() { sinkS = np[1:2] }},
		{"make-", func() { sinkS = make([]int, minus) }},
		{"makecap", func() { sinkS = make([]int, m, n) }},
		{"makeconst", func() { sinkS = make([]int, m, 4) }},
		{"makeconst-", func() { sinkS = make([]int, minus, 4) }},
		{"makehuge", func() { sinkS = make([]int, u64>>3) }},
		{"makehuge2", func() { sinkS = make([]int, 1, u64>>3) }},
		{"toarr", func() { _ = [4]int(s[:2]) }},
		{"toarrp", func() { _ = (*[8]int)(s) }},
		{"makechan", func() { _ = make(chan int, minus) }},
		{"makemap", func() { mm := make(map[int]int, minus); mm[1] = 1; fmt.Println(mm) }},
	} {
		if f.n == "" {
			continue
		}
		try(f.n, f.f)
	}
	fmt.Println(s[1:3], cap(s[1:3]), s[:0], s[5:], len(s[5:]), cap(s[5:]), s[1:2:3], cap(s[1:2:3]))
	fmt.Println(str[1:4], str[:0], str[len(str):] == "", str[7:])
	fmt.Println(pa[:], pa[1:], pa[:2], cap(pa[1:3:3]), *(*[2]int)(s[1:]), [3]int(s))
	var nilS []int
	fmt.Println((*[0]int)(nilS) == nil, (*[0]int)(s[:0]) == nil)
	bs := make([]Big, 2, 7)
	bs[1].S = "x"
	bs = append(bs, Big{S: "y", P: &P{1, 2}})
	bs = append(bs, bs...)
	fmt.Println(len(bs), bs[5].S, bs[2].P == bs[5].P, *bs[5].P)
	fmt.Println(copy(bs, bs[2:]), bs[0].S, bs[3].S)
	clear(bs[1:])
	fmt.Println(bs[0].S, bs[3].P == nil, len(bs))
	a2 := [3]P{{1, 2}, {3, 4}, {5, 6}}
	for i, p := range a2 {
		a2[2] = P{9, 9}
		fmt.Print(i, p, " ")
	}
	fmt.Println()
	f := func() [3]string { return [3]string{"a", "b", "c"} }
	fmt.Println(f()[n-1], f()[u8-199])
	func() {
		defer func() { fmt.Println(recover()) }()
		fmt.Println(f()[m])
	}()
	var caps []int
	last := -1
	for i := 0; i < 3000; i++ {
		grow = append(grow, P{i, i})
		if cap(grow) != last {
			last = cap(grow)
			caps = append(caps, last)
		}
	}
	fmt.Println(caps)
	caps = caps[:0:0]
	for i := 0; i < 40; i++ {
		g1 = append(g1, byte(i))
		g2 = append(g2, fmt.Sprint(i))
		g3 = append(g3, i)
		g4 = append(g4, []int{i})
		g5 = append(g5, float32(i)/2)
		g6 = append(g6, struct{}{})
		g7 = append(g7, func() { fmt.Print(i) })
		g8 = append(g8, complex(float64(i), 1))
		g9 = append(g9, i%2 == 0)
	}
	fmt.Println(cap(g1), cap(g2), cap(g3), cap(g4), cap(g5), len(g6), cap(g7), cap(g8), cap(g9))
	fmt.Println(g1[39], g2[39], g3[39], g4[39], g5[39], g8[39], g9[39])
	g7[39]()
	fmt.Println(string(append(g1[:0], "héllo"...)), string(append([]byte("ab"), g1[:2]...)))
	fmt.Println(append([]int(nil)) == nil, append([]int(nil), []int{}...) == nil, len(append(s, s[1:3]...)))
	any8 = append(any8, []byte("q")...)
	fmt.Println(copy(any8, "zzz"), string(any8))
	x := s[2:3]
	x = append(x, 77)
	fmt.Println(s, copy(s[1:], s), s)
	var z [0]int
	fmt.Println(z[:], len(z), cap(z[:]))
	_ = append(g6, g6...)
	for i, r := range "aé\xff世" {
		fmt.Print(i, ":", r, " ")
	}
	for i := range "é!" {
		fmt.Print(i, " ")
	}
	for range "abc" {
		fmt.Print(".")
	}
	fmt.Println(min(3, n, 2), max(2.5, float64(n)), min("b", "a"), max(u8, 3))
}
