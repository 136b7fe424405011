package compiled

import (
	"errors"
	"io/fs"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode"
	"unsafe"
)

// notebookFunc returns a func value of type typ that runs run.
func notebookFunc(typ reflect.Type, run func(fr *frame, l *layout)) unsafe.Pointer {
	l := newLayout(typ, headerSize)
	fn := &Func{engine: &Engine{}}
	b := &body{layout: l, entry: &block{run: func(fr *frame) *block { run(fr, l); return nil }}}
	var m memory
	m.params(l)
	m.finish(b)
	fn.body.Store(b)
	t := trampolineOf(typ)
	var fields []reflect.StructField
	for _, f := range append(t.fields(), reflect.TypeFor[function]()) {
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(len(fields)), Type: f})
	}
	f := t.init(reflect.New(reflect.StructOf(fields)).UnsafePointer())
	f.fn = fn
	return t.value(f)
}

// notebookCallback returns a func value of type F that runs run.
func notebookCallback[F any](run func(fr *frame, l *layout)) F {
	fv := notebookFunc(reflect.TypeFor[F](), run)
	return *(*F)(unsafe.Pointer(&fv))
}

// paramOf and resultOf return the memory of one in a frame.
func paramOf[T any](fr *frame, l *layout, i int) *T  { return (*T)(fr.pointer(l.params[i].off)) }
func resultOf[T any](fr *frame, l *layout, i int) *T { return (*T)(fr.pointer(l.results[i].off)) }

// notebookLike returns a func value of the notebook that does what f does.
func notebookLike(f reflect.Value) reflect.Value {
	fv := notebookFunc(f.Type(), func(fr *frame, l *layout) {
		disturbStack()
		args := make([]reflect.Value, len(l.params))
		for i, p := range l.params {
			args[i] = reflect.NewAt(p.typ, fr.pointer(p.off)).Elem()
		}
		for i, r := range callByReflect(f, args) {
			reflect.NewAt(l.results[i].typ, fr.pointer(l.results[i].off)).Elem().Set(r)
		}
	})
	return reflect.NewAt(f.Type(), unsafe.Pointer(&fv)).Elem()
}

func TestCompiledCodeCallsFunctionsOfTheNotebook(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for _, s := range abiSignatures {
		f := reflect.ValueOf(s.f)
		ours := notebookLike(f)
		if typed := trampolineOf(f.Type()).header == 0; typed != (s.back && inRegisters) {
			t.Errorf("%s: typed: %v", f.Type(), typed)
		}
		for range 3 {
			args := randomArguments(t, f.Type(), random)
			if got, want := showValues(callByReflect(ours, args)), showValues(callByReflect(f, args)); got != want {
				t.Errorf("%s: got %s, want %s", f.Type(), got, want)
			}
		}
	}
}

// The stack grows when a trampoline is entered, at any place of its prologue:
// what it got in registers must be found by the collector and stay whole.
func TestTrampolinesAreEnteredOnFullStacks(t *testing.T) {
	typed := notebookCallback[func(a *string, s []string, b string) string](func(fr *frame, l *layout) {
		runtime.GC()
		*resultOf[string](fr, l, 0) = **paramOf[*string](fr, l, 0) + (*paramOf[[]string](fr, l, 1))[0] + *paramOf[string](fr, l, 2)
	})
	reflected := notebookCallback[func(a *string, s [2]string, b string) string](func(fr *frame, l *layout) {
		runtime.GC()
		*resultOf[string](fr, l, 0) = **paramOf[*string](fr, l, 0) + (*paramOf[[2]string](fr, l, 1))[0] + *paramOf[string](fr, l, 2)
	})
	for depth := range 150 {
		got := make(chan string)
		go func() {
			got <- callBelow(depth, func() string {
				n := strconv.Itoa(depth)
				return typed(new("a"+n), []string{"b" + n}, "c"+n) + reflected(new("d"+n), [2]string{"e" + n}, "f"+n)
			})
		}()
		want := strings.ReplaceAll("a#b#c#d#e#f#", "#", strconv.Itoa(depth))
		if s := <-got; s != want {
			t.Fatalf("got %q, want %q", s, want)
		}
	}
}

//go:noinline
func callBelow(n int, f func() string) string {
	if n == 0 {
		return f()
	}
	return callBelow(n-1, f)
}

func TestTheStandardLibraryCallsFunctionsOfTheNotebook(t *testing.T) {
	numbers := rand.New(rand.NewSource(3)).Perm(500)
	sort.Slice(numbers, notebookCallback[func(i, j int) bool](func(fr *frame, l *layout) {
		*resultOf[bool](fr, l, 0) = numbers[*paramOf[int](fr, l, 0)] < numbers[*paramOf[int](fr, l, 1)]
	}))
	if !slices.IsSorted(numbers) {
		t.Error("sort.Slice did not sort")
	}
	words := []string{"b", "c", "a"}
	slices.SortFunc(words, notebookCallback[func(a, b string) int](func(fr *frame, l *layout) {
		*resultOf[int](fr, l, 0) = -strings.Compare(*paramOf[string](fr, l, 0), *paramOf[string](fr, l, 1))
	}))
	if !slices.Equal(words, []string{"c", "b", "a"}) {
		t.Errorf("slices.SortFunc: %v", words)
	}
	if s := strings.Map(notebookCallback[func(rune) rune](func(fr *frame, l *layout) {
		*resultOf[rune](fr, l, 0) = unicode.ToUpper(*paramOf[rune](fr, l, 0))
	}), "añb"); s != "AÑB" {
		t.Errorf("strings.Map: %q", s)
	}
	stop := errors.New("stop")
	var seen []string
	err := fs.WalkDir(fstest.MapFS{"a/b": {}, "c": {}}, ".", notebookCallback[fs.WalkDirFunc](func(fr *frame, l *layout) {
		path := *paramOf[string](fr, l, 0)
		seen = append(seen, path+" "+(*paramOf[fs.DirEntry](fr, l, 1)).Name())
		*resultOf[error](fr, l, 0) = nil // frames are used again
		if path == "a/b" {
			*resultOf[error](fr, l, 0) = stop
		}
	}))
	if err != stop || !slices.Equal(seen, []string{". .", "a a", "a/b b"}) {
		t.Errorf("fs.WalkDir: %v, %v", seen, err)
	}
	handler := notebookCallback[http.HandlerFunc](func(fr *frame, l *layout) {
		w, r := *paramOf[http.ResponseWriter](fr, l, 0), *paramOf[*http.Request](fr, l, 1)
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(r.URL.Path))
	})
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/tea", nil))
	if recorder.Code != http.StatusTeapot || recorder.Body.String() != "/tea" {
		t.Errorf("http.HandlerFunc: %d %q", recorder.Code, recorder.Body)
	}
	var sum int
	for i, s := range notebookCallback[func(yield func(int, string) bool)](func(fr *frame, l *layout) {
		yield := *paramOf[func(int, string) bool](fr, l, 0)
		for i := 0; yield(i, strconv.Itoa(i)); i++ {
		}
	}) {
		if n, _ := strconv.Atoi(s); n != i {
			t.Errorf("range gave %d, %q", i, s)
		}
		if sum += i; i == 10 {
			break
		}
	}
	if sum != 55 {
		t.Errorf("range over a function: %d", sum)
	}
}

func TestFunctionsOfTheNotebookAreRecognised(t *testing.T) {
	noop := func(*frame, *layout) {}
	for _, s := range abiSignatures {
		typ := reflect.TypeOf(s.f)
		tr := trampolineOf(typ)
		ours := notebookFunc(typ, noop)
		f := tr.function(ours)
		if f == nil || f.self != f || tr.value(f) != ours {
			t.Errorf("%s: a function of the notebook is not recognised", typ)
		}
		if tr.function(funcWord(s.f)) != nil {
			t.Errorf("%s: a compiled function is taken for the notebook's", typ)
		}
		// Side by side in memory, and with closures for handlers.
		for i := range 50 {
			made := reflect.MakeFunc(typ, func([]reflect.Value) []reflect.Value { return make([]reflect.Value, i) })
			if tr.function(objectOf(made)) != nil {
				t.Errorf("%s: a function of reflect.MakeFunc is taken for the notebook's", typ)
			}
		}
	}
	method := reflect.ValueOf(&strings.Builder{}).MethodByName("WriteString").Interface().(func(string) (int, error))
	if trampolineOf(reflect.TypeOf(method)).function(funcWord(method)) != nil {
		t.Error("a method value of reflect is taken for the notebook's")
	}
}

func TestPanicsCrossTrampolines(t *testing.T) {
	raise := func(fr *frame, l *layout) { panic(*paramOf[string](fr, l, 0)) }
	typed, reflected := notebookCallback[func(string) error](raise), notebookCallback[func(string) [2]int](raise)
	if v := panicOf(func() { _ = typed("a") }); v != "a" {
		t.Errorf("panic of a typed trampoline: %v", v)
	}
	if v := panicOf(func() { reflected("b") }); v != "b" {
		t.Errorf("panic of reflect's trampoline: %v", v)
	}
}

func TestTrampolinesAreMadeOnce(t *testing.T) {
	type local [5]int
	typ := reflect.TypeFor[func(local) local]()
	var group sync.WaitGroup
	made := make([]*trampoline, 8)
	for i := range made {
		group.Go(func() { made[i] = trampolineOf(typ) })
	}
	group.Wait()
	if slices.ContainsFunc(made, func(tr *trampoline) bool { return tr != made[0] }) {
		t.Error("a type has several trampolines")
	}
}

func TestLayoutsOfThisReleaseAreKnown(t *testing.T) {
	if err := checkTrampolines(); err != nil {
		t.Error(err)
	}
}
