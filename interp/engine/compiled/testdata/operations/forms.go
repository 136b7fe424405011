// The forms that the compiler has for common statements: loops that count, sums
// of products, updates of fields, lengths of what is in memory, append of one
// value, elements whose index is known.
package main

import (
	"fmt"
	"runtime"
)

type vector struct{ x, y, z float64 }

type pair struct{ a, b int }

type large struct {
	name  string
	pairs [4]pair
	sum   int
	list  []int
}

func (v vector) plus(w vector) vector { return vector{v.x + w.x, v.y + w.y, v.z + w.z} }

func (l *large) add(n, k int) {
	l.sum += n * k
	l.sum -= n
	l.pairs[2].b += k
	l.pairs[n%4].a -= n * k
}

func counts(n int) (out []int) {
	for i := 0; i < n; i++ {
		out = append(out, i)
	}
	for i := n; i > 0; i-- {
		out = append(out, i*i-n)
	}
	for i := n; i >= 0; i -= 2 {
		out = append(out, i)
	}
	for i := 0; i <= n; i += 3 {
		out = append(out, i)
	}
	for i := 0; i != n; i++ {
		if i == 2 {
			i++
			continue
		}
		out = append(out, 10*i)
	}
	for i := range n {
		out = append(out, 100+i)
		i = 7
	}
	prev := -1
	for i := range n {
		out = append(out, prev)
		prev = i
	}
	a, b := 0, 1
	for i := 0; i < n; i++ {
		a, b = b, a+b
	}
	for i, limit := 0, n; i < limit; i++ {
		limit--
		out = append(out, limit)
	}
	k := 0
	for k+1 == 1 {
		k++
	}
	for i := 1 << 62; i > 0; i += i { // wraps
		k++
	}
	return append(out, a, b, k)
}

func funcs(n int) (fs []func() int) {
	for i := 0; i < n; i++ {
		fs = append(fs, func() int { i += 10; return i })
	}
	return fs
}

func sums(a, b, c int, x, y, z float64) {
	fmt.Println(a+b*c, a*b+c, a-b*c, a*b-c, (a+1)+b*c, (a+1)-b*c, a+(b+1)*(c+1), a-(b+1)*(c+1))
	fmt.Println(x+y*z, x*y+z, x-y*z, x*y-z, (x+1)+y*z, (x+1)-y*z, x+(y+1)*(z+1), x-(y+1)*(z+1))
	s := []int{a, b, c, 4, 5, 6, 7, 8, 9}
	t := s[1+1*1] + s[a] + s[a+b] + s[a+b*c-8]
	i, j := 1, 2
	fmt.Println(t, s[i+j], s[i+j*j], s[j*j+i], uint8(200)+uint8(a)*100)
}

func lengths(words []string, l *large) {
	for i := 0; i < len(words); i++ {
		if len(words[i]) > 2 && len(words) < 6 {
			words = append(words, words[i][1:])
		}
	}
	for len(l.list) < 5 {
		l.list = append(l.list, len(l.list)+cap(l.list[:0:0]))
	}
	n := len(l.list)
	l.list = l.list[:2]
	fmt.Println(words, len(words), n, len(l.list), len(l.name+"!"), len([]int{1, 2}))
	count := 0
	for i := 0; i < len(l.name); i++ {
		if l.name[i] == 'a' || l.name[i] == l.name[len(l.name)-1] {
			count++
		}
	}
	fmt.Println(count, l.name[1], "constant"[count], (l.name + "bc")[3])
	fresh := make([]int, len(words), 9)
	have, room := len(fresh), cap(fresh)
	runtime.GC()
	fmt.Println(have, room)
	m := &large{sum: have}
	out := &m.sum
	runtime.GC()
	m.sum += have * room
	fmt.Println(*out)
	s := "x"
	old := len(s)
	s += "yz"
	fmt.Println(old, len(s))
}

func appends() {
	s := []int{1, 2, 3}
	s = append(s, s[0])
	s = append(s, len(s))
	t := append(s[:1], 9)
	u := append(s[:1:1], 8)
	fmt.Println(s, t, u, append([]string(nil), "one"), append([]any{}, 1), append([]pair{}, pair{1, 2}))
	n := 0
	next := func() int { n++; return n }
	s = append(s[:n], next())
	var e []error
	e = append(e, nil)
	fmt.Println(s, e, append([]vector{}, vector{1, 2, 3}.plus(vector{x: 4})))
}

func aggregates() {
	var a [5]int
	a[0], a[4] = 1, 5
	for i := range a {
		a[i] += i * 2
	}
	b := a
	b[2]++
	p := &b
	p[3] += p[0]
	ps := []pair{{1, 2}, {3, 4}}
	for i := range ps {
		ps[i].a, ps[i].b = ps[i].b, ps[i].a
		ps[i].a += i
	}
	q := ps[1]
	ps[1] = ps[0]
	ps[0] = q
	var one [1]pair
	one[0].b = 3
	m := map[pair]vector{q: {x: 1}}
	v := m[q]
	v.y += v.x * 2
	fmt.Println(a, b, ps, q, one, v, m, a == b, one[0] == pair{b: 3})
	for range 2 {
		var fresh pair
		var s []int
		fresh.a++
		s = append(s, fresh.a)
		fmt.Println(fresh, s)
	}
}

type shape interface{ area(k int) int }

type square int

func (s square) area(k int) int { return int(s) * k }

func (p pair) area(k int) int { return p.a * p.b * k }

func (l *large) area(k int) int { return l.sum * k }

func panics(what string, f func()) {
	defer func() { fmt.Println(what, recover()) }()
	f()
}

func main() {
	fmt.Println(counts(5), counts(0), counts(1))
	for _, f := range funcs(3) {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println()
	sums(2, 3, 4, 0.1, 0.2, 0.3)
	l := &large{name: "banana"}
	l.add(3, 4)
	l.add(5, 6)
	fmt.Println(*l)
	lengths([]string{"abc", "de", "fghi"}, l)
	appends()
	aggregates()
	for i, s := range []shape{square(2), pair{2, 3}, l, square(4), &pair{4, 5}, l} {
		fmt.Print(s.area(i), " ")
	}
	fmt.Println()
	var none *large
	var s []int
	var str string
	var f func(int) int
	i := 3
	panics("field", func() { none.sum += i })
	panics("length", func() { fmt.Println(len(none.list)) })
	panics("element", func() { s[i] += 2 })
	panics("string", func() { fmt.Println(str[i]) })
	panics("array", func() { none.pairs[2].a++ })
	panics("func", func() { fmt.Println(f(i)) })
	panics("sum", func() { fmt.Println(s[i+i*i]) })
}
