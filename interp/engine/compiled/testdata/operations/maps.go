package main

import (
	"fmt"
	"math"
	"sort"
)

type K struct {
	a int
	b string
}
type E int
type N string

func try(f func()) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Println("panic:", e)
		}
	}()
	f()
}

type fat struct {
	x [40]int
	s string
}

func main() {
	m1 := map[int]int{1: 2, 3: 4}
	m2 := map[string]string{"a": "b"}
	m3 := map[K]float64{{1, "x"}: 2.5}
	m4 := map[any]any{1: "one", "two": 2, 2.5: nil, K{1, "y"}: 3}
	m5 := map[E][]int{5: {1, 2}}
	m6 := map[N]*int{}
	m7 := map[float64]int{math.NaN(): 1, math.NaN(): 2, 0: 3}
	m8 := map[uint8]bool{1: true}
	m9 := map[int32]string{-1: "neg"}
	m10 := map[string]struct{}{}
	m11 := map[[2]int]map[string]int{{1, 2}: {"z": 1}}
	m12 := map[bool]func() int{true: func() int { return 9 }}
	m13 := map[int]fat{}
	m14 := map[string]fat{}
	m15 := map[*int]int{}
	m16 := map[chan int]string{}
	m17 := map[error]int{}
	m18 := map[complex128]uint16{1 + 2i: 3}
	m19 := map[uint64]any{math.MaxUint64: 1}
	m20 := map[uint32]complex128{}
	var nm map[string]int
	n := 5
	m1[n]++
	m1[n] += 10
	m1[1]--
	m2["c"] = m2["a"] + m2["zz"]
	m3[K{2, "q"}] = 7
	try(func() { m4[m3] = 1 })
	try(func() { nm["x"] = 1 })
	try(func() { _ = m4[func() {}] })
	try(func() { delete(m4, any([]int{})) })
	v, ok := nm["x"]
	fmt.Println(v, ok, len(nm), nm == nil)
	delete(nm, "x")
	clear(nm)
	for range nm {
		fmt.Println("never")
	}
	m5[6] = append(m5[6], 9)
	m6["p"] = &n
	*m6["p"] = 42
	m8[2] = m8[1]
	m9[7] = "seven"
	m10["e"] = struct{}{}
	_, ok10 := m10["e"]
	_, ok11 := m10["f"]
	m11[[2]int{1, 2}]["y"] = 2
	m13[3] = fat{s: "fat"}
	m14["k"] = fat{s: "fat2", x: [40]int{39: 7}}
	f, okf := m13[3]
	g := m13[4]
	m15[&n] = 3
	c := make(chan int)
	m16[c] = "chan"
	e1 := fmt.Errorf("e")
	m17[e1]++
	m17[nil] += 2
	m20[7] = 2i
	fmt.Println(m1, m2, m3, len(m4), m4["two"], m4[2.5], m4[K{1, "y"}], m4[3], m5, n, m6["none"] == nil)
	fmt.Println(len(m7), m7[0], m7[math.NaN()], m8, m9, ok10, ok11, m11, m12[true](), m12[false] == nil)
	fmt.Println(f.s, okf, g.s == "", m14["k"].x[39], m14["q"].s, m15[&n], m16[c], m16[nil], m17[e1], m17[nil], m18, m19[math.MaxUint64], m20)
	keys := []int{}
	big := map[int]string{}
	for i := 0; i < 1000; i++ {
		big[i*7] = fmt.Sprint(i)
	}
	for k, v := range big {
		if k%2 == 0 {
			delete(big, k)
			delete(big, k+14)
		} else {
			keys = append(keys, len(v))
		}
	}
	fmt.Println(len(big), len(keys))
	sum := 0
	for k := range big {
		sum += k
	}
	for _, v := range big {
		sum += len(v)
	}
	for range big {
		sum++
	}
	fmt.Println(sum)
	seen := map[int]bool{}
	mm := map[int]int{0: 0}
	for k := range mm {
		seen[k] = true
		if len(mm) < 100 {
			mm[len(mm)] = 1
		}
		if len(seen) > 200 {
			panic("too many")
		}
	}
	fmt.Println(len(mm) >= 2)
	for k, v := range mm {
		delete(mm, k)
		_ = v
	}
	fmt.Println(len(mm))
	ks := []string{}
	for k, v := range m4 {
		ks = append(ks, fmt.Sprint(k, v))
	}
	sort.Strings(ks)
	fmt.Println(ks)
	var order [2]int
	for i := 0; i < 400; i++ {
		for k := range map[int]int{0: 1, 1: 2} {
			order[k]++
			break
		}
	}
	fmt.Println(order[0] > 5, order[1] > 5)
	clear(m7)
	clear(big)
	fmt.Println(len(m7), len(big))
	for i := range 3 {
		inner := make(map[string]int, i)
		inner[fmt.Sprint(i)]++
		for k, v := range inner {
			fmt.Print(k, v, " ")
		}
	}
	fmt.Println()
	for k, v := range m11 {
		for k2, v2 := range v {
			if k2 == "z" {
				fmt.Println(k, k2, v2)
			}
		}
	}
	var ifc fmt.Stringer
	mi := map[fmt.Stringer]int{ifc: 1}
	for k, v := range mi {
		fmt.Println(k, v)
	}
	mk := map[fat]int{{s: "key"}: 5}
	for k, v := range mk {
		fmt.Println(k.s, v, mk[fat{s: "key"}])
	}
}
func init() {
	m := map[string][]int{}
	m["a"] = append(m["a"], 1, 2)
	m["a"] = append(m["a"], 3)
	fmt.Println(m, len(m))
}

func init() {
	counts := map[string]int{}
	fl := map[int]float64{}
	st := map[K]string{}
	by := map[string]uint8{}
	n32 := map[int32]int32{}
	x := 7
	for _, w := range []string{"a", "b", "a"} {
		counts[w]++
		counts[w] += x
		counts["all"]--
		fl[len(counts)] -= 0.5
		st[K{1, w}] += w + "!"
		by[w] += 200
		n32[int32(x)] -= 3
	}
	fmt.Println(counts, fl, st, by, n32)
	var nilm map[string]int
	try(func() { nilm["q"]++ })
	try(func() { m := map[any]int{}; m[[]int{}]++ })
	f := func() int { counts["a"] = 100; return 1 }
	counts["a"] += f()
	counts["z"] = x - counts["z"]
	counts[fmt.Sprint(x)] += len(fmt.Sprint(x))
	d := map[int]int{1: 10}
	z := 0
	try(func() { d[2] /= z })
	try(func() { d[1] += 5 / z })
	fmt.Println(counts, d)
}
