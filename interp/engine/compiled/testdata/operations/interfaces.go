package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

func try(name string, f func()) {
	defer func() {
		if e := recover(); e != nil {
			if err, ok := e.(error); ok {
				_, rt := e.(interface{ RuntimeError() })
				fmt.Printf("%s error: %v %v %T\n", name, err, rt, err)
				return
			}
			fmt.Println(name, "panic:", e)
		}
	}()
	f()
}

type I interface{ M() int }
type J interface {
	M() int
	N(string) string
}
type h interface{ hidden() }
type T struct{ A, B int }

func (t T) M() int { return t.A }

type Q struct{ T }

func (q *Q) N(s string) string { return s + "!" }

type MyInt int

func (m MyInt) M() int { return int(m) }

type Wrap struct{ p *int }
type Arr [1]*int
type F func() int
type U struct{ f []int }
type E struct{}

func (e *E) Error() string { return "E" }

type I2 I

func kind(x any) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case int, int8:
		return fmt.Sprint("int ", v)
	case string:
		return "string " + v
	case MyInt:
		return fmt.Sprint("MyInt ", int(v))
	case []int:
		return fmt.Sprint("slice ", len(v))
	case map[string]int:
		return fmt.Sprint("map ", len(v))
	case func() int:
		return fmt.Sprint("func ", v())
	case *T:
		return fmt.Sprint("*T ", v.A)
	case T:
		return fmt.Sprint("T ", v.B)
	case error:
		return "error " + v.Error()
	case fmt.Stringer:
		return "stringer"
	case I:
		return fmt.Sprint("I ", v.M())
	case Wrap:
		return fmt.Sprint("wrap ", *v.p)
	case complex128, float32:
		return fmt.Sprintf("%T %v", v, v)
	case [2]string:
		return v[1]
	case struct{ X int }:
		return fmt.Sprint("anon", v.X)
	case chan int:
		return fmt.Sprint("chan ", cap(v))
	}
	return fmt.Sprintf("other %T", x)
}

func main() {
	one := 1
	var nilT *T
	for _, v := range []any{nil, 1, int8(2), "s", MyInt(4), []int{1}, map[string]int{"a": 1}, func() int { return 7 }, &T{1, 2}, T{3, 4}, errors.New("e"), &Q{T{8, 9}}, Wrap{&one}, 1i, float32(2.5), [2]string{"p", "q"}, struct{ X int }{5}, make(chan int, 3), Arr{&one}, F(func() int { return 1 }), uint8(1), nilT == nil, struct{}{}, 300, 1.5, 0.0, "", []int(nil), uint16(77), int32(-1), uint64(1 << 63), complex64(2)} {
		fmt.Println(kind(v))
	}
	var x any = "str"
	var i I = T{1, 2}
	var e any
	var ni I
	try("1", func() { fmt.Println(x.(int)) })
	try("2", func() { fmt.Println(x.(I)) })
	try("3", func() { fmt.Println(i.(J)) })
	try("4", func() { fmt.Println(i.(MyInt)) })
	try("5", func() { fmt.Println(e.(int)) })
	try("6", func() { fmt.Println(ni.(T)) })
	try("7", func() { fmt.Println(ni.(J)) })
	try("8", func() { fmt.Println(e.(any)) })
	try("9", func() { fmt.Println(x.(h)) })
	try("10", func() { fmt.Println(i.(interface{ Z() })) })
	try("11", func() { fmt.Println(x.([]int)) })
	try("12", func() { fmt.Println(x.(T)) })
	try("13", func() { fmt.Println(i.(*Q)) })
	try("14", func() { fmt.Println(x.(error)) })
	try("15", func() { fmt.Println(x.(fmt.Stringer)) })
	try("16", func() { var r io.Reader; fmt.Println(r.(io.Writer)) })
	try("17", func() { ni.M() })
	try("18", func() {
		type T struct{ A, B int }
		fmt.Println(i.(interface{ M() int }).(any).(T))
	})
	try("19", func() { var f any = main; fmt.Println(f == f) })
	try("20", func() { var f, g any = U{}, U{}; fmt.Println(f == g) })
	try("21", func() { var f any = map[string]int{}; m := map[any]int{}; m[f] = 1 })
	try("22", func() { m := map[any]int{}; _ = m[[]int{}] })
	try("23", func() { f, g := [1]any{U{}}, [1]any{U{}}; fmt.Println(f == g) })
	try("24", func() { var p *Q; fmt.Println(I(p).M()) })
	try("25", func() { var p *T; is := []I{p, i}; fmt.Println(is[0].M()) })
	try("26", func() { var p *MyInt; var i I = p; f := i.M; fmt.Println(f()) })
	_, ok1 := x.(int)
	s, ok2 := x.(string)
	j, ok3 := i.(J)
	t, ok4 := i.(T)
	_, ok5 := e.(any)
	z, ok6 := x.([2]int)
	fmt.Println(ok1, s, ok2, j == nil, ok3, t, ok4, ok5, z, ok6)
	var y any = 1
	fmt.Println(x == y, y == 1, x == "str", y == any(int8(1)), e == nil, i != nil, ni == nil, i == I(T{1, 2}), I(MyInt(3)) == I(MyInt(3)), i == I2(T{1, 2}))
	var i2 I2 = i
	fmt.Println(i2 == I2(i), i2.(T), i2.M(), any(i2) == any(i))
	var q I = &Q{T{5, 6}}
	var q2 J = q.(J)
	fmt.Println(q2.N("n"), q2.M(), q == q2, I(q2) == q)
	var err error
	fmt.Println(err == nil, error((*E)(nil)) == nil)
	fmt.Println(T{1, 2} == T{1, 2}, [2]string{"a"} == [2]string{"a", ""}, struct {
		a any
		b float64
	}{1, 2} == struct {
		a any
		b float64
	}{1, 2})
	var w io.Writer = &strings.Builder{}
	fmt.Fprintf(w, "%d", 3)
	fmt.Println(w.(fmt.Stringer).String())
	var a, b any = Wrap{&one}, Wrap{&one}
	fmt.Println(a == b, a.(Wrap) == b.(Wrap), *any(Arr{&one}).(Arr)[0])
	var f32, f0 any = float32(0.5), 0.0
	fmt.Println(f32.(float32), f0.(float64), any(255), any(256), any(true).(bool), any('x').(rune), any(uint8(9)).(uint8))
	fmt.Printf("%T %T %T %T %v\n", q, i2, a, F(nil), any(F(nil)) == nil)
}
