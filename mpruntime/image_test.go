package mpruntime

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

type (
	imagePoint       struct{ x, y int }
	imageFunc        func(int) int
	imageNested      struct{ _ imageFunc }
	imagePair[T any] struct{ _, _ T }
)

func imageTwice(x int) int { return 2 * x }

func imageSum[T int | float64](xs ...T) (sum T) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

func TestImageTypes(t *testing.T) {
	type local struct{ _ int }
	m := &image{}
	for _, v := range []any{
		imagePoint{}, imagePair[int]{}, imagePair[imagePoint]{}, local{}, imageFunc(nil), time.Second, bytes.Buffer{}, imageNested{},
	} {
		typ := reflect.TypeOf(v)
		name, ok := m.TypeName(typ)
		if !ok || m.TypeNamed(name) != typ {
			t.Errorf("%s: name %q (%v) is that of %v", typ, name, ok, m.TypeNamed(name))
		}
	}
	if typ := reflect.TypeFor[io.Writer](); true {
		if name, ok := m.TypeName(typ); ok && m.TypeNamed(name) != typ {
			t.Errorf("%s: name %q is that of %v", typ, name, m.TypeNamed(name))
		}
	}
	made := reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int]()}})
	if name, ok := m.TypeName(made); ok {
		t.Errorf("a type made at run time has the name %q", name)
	}
	name, _ := m.TypeName(reflect.TypeFor[imagePoint]())
	_, offset, _ := unlocated(name)
	for _, bad := range []string{"", "@", "x", located("mpruntime.imageFunc", offset), located("mpruntime.imagePoint", offset+8), located("mpruntime.imagePoint", 1<<40), name + "f"} {
		if typ := m.TypeNamed(bad); typ != nil {
			t.Errorf("name %q is that of %v", bad, typ)
		}
	}
}

func TestImageFunctions(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("functions of compiled programs reach other processes only on Linux")
	}
	m := &image{}
	for _, test := range []struct{ f, arg, want any }{
		{imageTwice, 21, 42},
		{imageFunc(imageTwice), 21, 42},
		{imageSum[int], 4, 4},
		{imageSum[float64], 1.5, 1.5},
		{func(s string) string { return s + "!" }, "a", "a!"},
		{strings.ToUpper, "a", "A"},
		{imagePoint.sum, imagePoint{3, 4}, 7},
		{fmt.Sprint, 3, "3"},
	} {
		name, captures, err := m.FunctionName(reflect.ValueOf(test.f))
		if err != nil || len(captures) > 0 {
			t.Errorf("%T: %v, %d captured", test.f, err, len(captures))
			continue
		}
		f, err := m.FunctionNamed(name, nil)
		if err != nil || f.Type() != reflect.TypeOf(test.f) {
			t.Errorf("%T %q: %v, %v", test.f, name, err, f)
			continue
		}
		if got := f.Call([]reflect.Value{reflect.ValueOf(test.arg)})[0].Interface(); got != test.want {
			t.Errorf("%q: %v, want %v", name, got, test.want)
		}
		for _, bad := range []string{"", "x", name + "0", name[1:], strings.Replace(name, "@", "", 1), "@@" + name, located("x@@1", 8), located(strings.Split(name, "@")[0]+"@@0", 1<<44)} {
			if f, err := m.FunctionNamed(bad, nil); err == nil {
				t.Errorf("%q is %v", bad, f)
			}
		}
	}
	n := len(t.Name())
	for _, f := range []any{func() int { return n }, imagePoint{1, 2}.sum, t.Name} {
		if name, _, err := m.FunctionName(reflect.ValueOf(f)); err == nil || !strings.Contains(err.Error(), "has captured variables") {
			t.Errorf("%T: name %q, error %v", f, name, err)
		}
	}
}

func (p imagePoint) sum() int { return p.x + p.y }
