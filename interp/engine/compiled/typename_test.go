package compiled

import (
	"reflect"
	"testing"
)

// The types of typenameCell, as fields of one struct.
const typenameCell = `
type Plain int
type Pair[A, B any] struct { a A; b B }
type Self[T interface{ ~int }] struct { next *Self[T] }
var all struct {
	plain Plain
	pair Pair[Plain, map[string][]*Plain]
	nested Pair[Pair[int, error], any]
	funcs Pair[func(int, ...Plain) (string, error), func()]
	array Pair[[3]Plain, struct{ X, y Plain "a tag"; Plain; _, _ int }]
	own Self[Plain]
	std Pair[time.Duration, *bytes.Buffer]
	pointer atomic.Pointer[Plain]
	compiled atomic.Pointer[int]
}
func local() any { type inner Plain; return Pair[inner, int]{} }
`

// A name leads to the type that it is of, in the process that gave it and in
// another one that has loaded the same units.
func TestTypeNames(t *testing.T) {
	here, there := newNotebook(t, Options{}), newNotebook(t, Options{})
	for _, n := range []*notebook{here, there} {
		n.run(typenameCell)
		n.run("keep := local()")
	}
	variable := func(n *notebook, unit int, name string) reflect.Value {
		v, err := n.e.Variable(Variable{unit, name})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	mine, other := variable(here, 1, "all").Type(), variable(there, 1, "all").Type()
	pairs := [][2]reflect.Type{{variable(here, 2, "keep").Elem().Type(), variable(there, 2, "keep").Elem().Type()}}
	for i := range mine.NumField() {
		pairs = append(pairs, [2]reflect.Type{mine.Field(i).Type, other.Field(i).Type})
	}
	names := map[string]bool{}
	for _, p := range pairs {
		name, ok := here.e.TypeName(p[0])
		if !ok {
			t.Errorf("%v has no name", p[0])
			continue
		}
		if names[name] {
			t.Errorf("two types are named %s", name)
		}
		names[name] = true
		if got := here.e.TypeNamed(name); got != p[0] {
			t.Errorf("%s names %v, want %v", name, got, p[0])
		}
		if got := there.e.TypeNamed(name); got != p[1] {
			t.Errorf("%s names %v in the other process, want %v", name, got, p[1])
		}
	}
	for _, unnamed := range []reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[[]int](), reflect.TypeFor[reflect.Value]()} {
		if name, ok := here.e.TypeName(unnamed); ok {
			t.Errorf("%v has the name %s", unnamed, name)
		}
	}
}

// A peer may send any text as a name: it gets a type that has a name, or none.
func TestTypeNamedTakesAnyText(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(typenameCell)
	for _, wrong := range []string{
		"main.Pair#1.1", "main.Pair#1.1[int,]", "main.Plain#1.0[int,]", "main.Self#1.2[string,]", "main.Plain#9.0", "main.Plain#1.-1",
		"main.Pair#1.1[func(...int,", "main.Pair#1.1[map[[]int]int,int,]", "main.Pair#1.1[comparable,int,]", "main.Pair#1.1[[99999999999999999999]int,int,]",
		`"os".file`, `"no/such".T`, `"cmp".Ordered`, `"os".Args`, "[", "", "#", "*", "any", "main.Pair#1.1[[9223372036854775807][9223372036854775807]int,int,]",
		"main.Pair#1.1[struct{9 int\"\";},int,]", "main.Pair#1.1[struct{X int!\"\";},int,]", "main.Pair#1.1[struct{X []int!\"\";},int,]",
		"main.Pair#1.1[struct{X int\"\";X int\"\";},int,]", "main.Pair#1.1[struct{error *error!\"\";},int,]", "main.Pair#1.1[struct{func int\"\";},int,]",
		"*main.Plain#1.0", "main.Plain#1.0 ", "nil", "true",
	} {
		if rt := n.e.TypeNamed(wrong); rt != nil {
			t.Errorf("%s names %v", wrong, rt)
		}
	}
	for _, right := range []string{
		"main.Pair#1.1[main.Plain#1.0,map[string][]*main.Plain#1.0,]", `"sync/atomic".Pointer[int,]`,
		"main.Pair#1.1[func(int,...[]int,)(error,),struct{X int\"\";Plain main.Plain#1.0!\"t\";},]",
	} {
		if n.e.TypeNamed(right) == nil {
			t.Errorf("%s names nothing", right)
		}
		for i := range right {
			for _, c := range []string{"", "*", "[", "]", ")", "\"", "#", ",", "9"} {
				name := right[:i] + c + right[i+1:]
				if rt := n.e.TypeNamed(name); rt != nil {
					if again, ok := n.e.TypeName(rt); ok && n.e.TypeNamed(again) != rt {
						t.Errorf("%s names %v, which is called %s", name, rt, again)
					}
				}
				n.e.TypeNamed(right[:i] + c)
			}
		}
	}
}
