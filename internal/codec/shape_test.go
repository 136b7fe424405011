package codec_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cuaderno/internal/codec"
)

type (
	Base   struct{ ID int }
	Loud   struct{ Volume int8 }
	padded struct {
		A int8
		B int64
		C bool
		D complex64
	}
	blank struct {
		A int
		_ int
		B string
	}
	stamped struct {
		time.Time
		Note string
	}
	list     []list
	mapping  map[string]mapping
	pointers *pointers
	mixed    struct {
		Loud
		*Base
		Ptr ***int
	}
	own struct {
		a    int
		next *own
		m    map[own2]any
		_    [3]int
	}
	own2   struct{ k string }
	vector struct{ x, y float64 }
)

func TestNilOfEveryKind(t *testing.T) {
	type all struct {
		P *int
		S []int
		T []string
		M map[string]int
		F func()
		C chan int
		A any
		E error
		I fmt.Stringer
		L *time.Location
		B *big.Int
		D *end
	}
	if got := through(t, newEnds(), all{}); !reflect.DeepEqual(got, all{}) {
		t.Errorf("%+v", got)
	}
	filled := all{S: []int{}, T: []string{}, M: map[string]int{}}
	if got := through(t, plain, filled); got.S == nil || got.T == nil || got.M == nil || got.P != nil {
		t.Errorf("%#v: what is empty is not nil", got)
	}
	// A value that the receiver has is replaced by nil too.
	m, err := codec.Encode(reflect.ValueOf(all{}), "v", plain)
	if err != nil {
		t.Fatal(err)
	}
	n := 1
	old := all{P: &n, S: []int{1}, M: map[string]int{"a": 1}, A: 5, L: time.UTC}
	if err := codec.DecodeInto(m, reflect.ValueOf(&old).Elem(), plain); err != nil || !reflect.DeepEqual(old, all{}) {
		t.Errorf("%+v, %v", old, err)
	}
}

func TestShapes(t *testing.T) {
	n := 5
	p := &n
	pp := &p
	for _, v := range []any{
		mixed{Loud{3}, &Base{4}, &pp},
		[]padded{{1, 2, true, 3i}, {-1, math.MinInt64, false, -1}}, [2]padded{{A: 1}, {D: 2}},
		[][2]point{{{1, 2}, {3, 4}}}, [][3]bool{{true, false, true}}, []complex128{1i}, []complex64{2}, []struct{ A, B uint16 }{{1, 2}},
		[]bool{true, false, true, true, false, false, true, true, true}, [9]bool{8: true},
		blank{A: 1, B: "b"}, []blank{{A: 1}}, struct{}{}, [3]struct{}{}, []struct{}{{}}, [0]*int{},
		list{nil, list{}, list{list{nil}}}, mapping{"a": nil, "b": mapping{"c": mapping{}}},
		map[any]any{1: "a", "b": 2.5, [2]int{1, 2}: nil, struct{ A any }{3}: true, nil: 1},
		map[bool][]string{true: {"x", ""}, false: nil}, map[point]*point{{1, 2}: {3, 4}}, map[*int]int{nil: 3},
		generic[string]{"a", "b"}, []generic[point]{{}}, generic[generic[any]]{B: generic[any]{1, "x"}},
		[]celsius{1.5}, map[celsius]grados{2: {3}}, []any{[]any{[]any{}}, map[string]any{}}, []*int{p, nil},
		[]string{"uno", "dos", "", "x", "\xff\xfe", strings.Repeat("largo", 100), strings.Repeat("y", 5000), "siete", "ocho", "nueve"},
		[4]string{"a"}, math.MaxUint64 - uint64(5), int64(math.MinInt64), float32(math.SmallestNonzeroFloat32), [][]byte{{1}, nil, {}},
	} {
		value := reflect.New(reflect.TypeOf(v)).Elem()
		value.Set(reflect.ValueOf(v))
		m, err := codec.Encode(value, "v", plain)
		if err != nil {
			t.Errorf("%T: %v", v, err)
			continue
		}
		got, err := codec.Decode(m, value.Type(), plain)
		if err != nil || !reflect.DeepEqual(got.Interface(), v) {
			t.Errorf("%T arrives as %+v, not %+v: %v", v, got, v, err)
		}
	}
	var loop pointers
	loop = &loop
	if got := through(t, plain, loop); *got != got {
		t.Error("a pointer to itself is none")
	}
}

func TestManyStrings(t *testing.T) {
	var all []string
	for i := range 20_000 {
		all = append(all, strings.Repeat(fmt.Sprint(i), i*i%113), strings.Repeat("ñ", i%5*70))
	}
	if got := through(t, plain, all); !reflect.DeepEqual(got, all) {
		t.Error("they arrive as others")
	}
}

func TestKeysThatAreNaN(t *testing.T) {
	got := through(t, plain, map[float64]int{math.NaN(): 1, math.Inf(1): 2})
	if len(got) != 2 || got[math.Inf(1)] != 2 {
		t.Errorf("%v", got)
	}
	mixed := through(t, plain, map[any]string{math.NaN(): "a", 1: "b"})
	if len(mixed) != 2 || mixed[1] != "b" {
		t.Errorf("%v", mixed)
	}
}

func TestAliases(t *testing.T) {
	numbers, words, m, n := []int{1, 2}, []string{"a"}, map[string]int{}, 5
	type holder struct {
		A, B   []int
		Head   []int
		Named  scores
		W, X   []string
		M      map[string]int
		Named2 counts
		P      *int
		Q      number
		Any    []any
		First  *point
		X2     *int
	}
	pt := &point{1, 2}
	got := through(t, plain, holder{numbers, numbers, numbers[:1], numbers, words, words, m, m, &n, &n, []any{numbers, m, &n}, pt, &pt.X})
	got.A[1] = 7
	got.W[0] = "z"
	got.M["k"] = 1
	*got.P = 9
	got.First.X = 100
	if got.B[1] != 7 || got.Named[1] != 7 || got.Any[0].([]int)[1] != 7 {
		t.Errorf("a slice and its aliases: %v", got)
	}
	if got.X[0] != "z" || got.Named2["k"] != 1 || got.Any[1].(map[string]int)["k"] != 1 || *got.Q != 9 || *got.Any[2].(*int) != 9 {
		t.Errorf("%v", got)
	}
	if *got.X2 != 1 || len(got.Head) != 1 {
		t.Errorf("a pointer into a value is one to a copy: %v", got)
	}
}

type (
	scores []int
	counts map[string]int
	number *int
)

func TestCycles(t *testing.T) {
	type vertex struct {
		Name  string
		Edges map[string]*vertex
		Box   any
		List  []*vertex
	}
	a, b := &vertex{Name: "a"}, &vertex{Name: "b"}
	a.Edges = map[string]*vertex{"b": b, "a": a}
	b.List = []*vertex{a, b}
	s := []any{nil, nil}
	m := map[string]any{"s": s}
	s[0], s[1] = m, &s
	b.Box = s
	got := through(t, plain, a)
	back := got.Edges["b"]
	if got.Edges["a"] != got || back.List[0] != got || back.List[1] != back || back.Name != "b" {
		t.Error("the graph is another")
	}
	inner := back.Box.([]any)
	if same := inner[0].(map[string]any)["s"].([]any); &same[0] != &inner[0] {
		t.Error("a map and a slice that hold each other do not")
	}
	if held := *inner[1].(*[]any); &held[0] != &inner[0] {
		t.Error("a pointer to the slice that holds it leads elsewhere")
	}
}

func TestHiddenFields(t *testing.T) {
	domain := &codec.Domain{Own: func(path string) bool { return path == reflect.TypeFor[own]().PkgPath() }}
	v := own{a: 1, m: map[own2]any{{"x"}: own2Pointer("y")}}
	v.next = &own{a: 2}
	v.next.next = v.next
	got := through(t, domain, v)
	if got.a != 1 || got.next.a != 2 || got.next.next != got.next || got.m[own2{"x"}].(*struct{ K string }).K != "y" {
		t.Errorf("%+v", got)
	}
	type numbers struct {
		a int8
		b [2]struct {
			c bool
			d uint32
		}
		e float32
	}
	n := []numbers{{1, [2]struct {
		c bool
		d uint32
	}{{true, 2}, {false, 3}}, 4}, {}}
	if got := through(t, domain, n); !reflect.DeepEqual(got, n) {
		t.Errorf("%+v", got)
	}
	if got := through(t, domain, map[string][2]numbers{"a": {n[0]}}); got["a"][0] != n[0] {
		t.Errorf("%+v", got)
	}
	if got := through(t, domain, []vector{{1, 2}, {3, 4}}); got[1] != (vector{3, 4}) {
		t.Errorf("%+v", got)
	}
	if _, err := codec.Encode(reflect.ValueOf(v), "v", plain); err == nil {
		t.Error("they travel where nobody said so")
	}
	data, err := codec.Encode(reflect.ValueOf(v), "v", domain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codec.Decode(data, reflect.TypeFor[own](), plain); err == nil {
		t.Error("they arrive where nobody said so")
	}
}

func own2Pointer(k string) any { return &struct{ K string }{k} }

func TestTypesThatEncodeThemselves(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Skipf("no time zone database: %v", err)
	}
	summer := time.Date(2024, 7, 1, 12, 0, 0, 5, madrid)
	for _, when := range []time.Time{
		{}, summer, summer.UTC(), summer.Local(), summer.In(time.FixedZone("hora", 3600+30)), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<40, 0), time.Now(),
	} {
		got := through(t, plain, when)
		if !got.Equal(when) || got.Location().String() != when.Location().String() || got.Format(time.RFC1123Z) != when.Format(time.RFC1123Z) {
			t.Errorf("%v arrives as %v", when, got)
		}
	}
	// The zone's rules travel by its name: half a year later it is winter time.
	if got := through[any](t, plain, summer).(time.Time).AddDate(0, 6, 0).Format("-07:00 MST"); got != "+01:00 CET" {
		t.Error(got)
	}
	zones := through(t, plain, []*time.Location{madrid, time.UTC, time.Local, nil, madrid, time.FixedZone("hora", -60)})
	if zones[0].String() != "Europe/Madrid" || zones[1] != time.UTC || zones[2] != time.Local || zones[3] != nil || zones[0] != zones[4] || zones[5].String() != "hora" {
		t.Errorf("%v", zones)
	}
	s := through(t, plain, stamped{summer, "nota"})
	if s.Note != "nota" || !s.Equal(summer) {
		t.Errorf("beside an embedded time: %+v", s)
	}
	u, _ := url.Parse("https://ana:clave@example.org/a?b=c#d")
	_, network, _ := net.ParseCIDR("10.1.0.0/16")
	for _, v := range []any{
		*big.NewInt(7), big.NewRat(1, 3), new(big.Float).SetPrec(200).SetInt64(3), *u, u, net.ParseIP("::1"), network,
		netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParsePrefix("10.0.0.0/8"),
		[]*big.Int{big.NewInt(1), nil}, map[netip.Addr]int{netip.MustParseAddr("1.1.1.1"): 1},
	} {
		if got := through(t, plain, v); fmt.Sprint(got) != fmt.Sprint(v) || reflect.TypeOf(got) != reflect.TypeOf(v) {
			t.Errorf("%T %v arrives as %T %v", v, v, got, got)
		}
	}
	re := through(t, plain, regexp.MustCompile(`^h(o+)la$`))
	if got := re.FindStringSubmatch("hooola"); len(got) != 2 || got[1] != "ooo" {
		t.Errorf("%v", got)
	}
}

// temperature has methods that a value receiver and a pointer receiver share.
type temperature struct{ milli int32 }

func (c temperature) MarshalBinary() ([]byte, error) {
	return binary.BigEndian.AppendUint32(nil, uint32(c.milli)), nil
}

func (c *temperature) UnmarshalBinary(data []byte) error {
	if len(data) != 4 {
		return fmt.Errorf("a temperature of %d bytes", len(data))
	}
	c.milli = int32(binary.BigEndian.Uint32(data))
	return nil
}

func TestOwnMethods(t *testing.T) {
	v := map[temperature]*temperature{{1}: {2}}
	got := through(t, plain, v)
	if len(got) != 1 || got[temperature{1}].milli != 2 {
		t.Errorf("%v", got)
	}
	m, err := codec.Encode(reflect.ValueOf(temperature{1}), "v", plain)
	if err != nil {
		t.Fatal(err)
	}
	m.Bytes[len(m.Bytes)-5]-- // its length
	m.Bytes = m.Bytes[:len(m.Bytes)-1]
	if _, err := codec.Decode(m, reflect.TypeFor[temperature](), plain); err == nil || !strings.Contains(err.Error(), "a temperature of 3 bytes") {
		t.Error(err)
	}
}

func TestEncoderIsUsedAgain(t *testing.T) {
	e := codec.NewEncoder(plain)
	for i := range 3 {
		p := &point{i, i}
		if err := e.Encode(reflect.ValueOf([]*point{p, p}), "v"); err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode(e.Message(), reflect.TypeFor[[]*point](), plain)
		if err != nil {
			t.Fatal(err)
		}
		if l := got.Interface().([]*point); l[0] != l[1] || *l[0] != *p {
			t.Errorf("%v", l)
		}
		e.Reset()
	}
}

// TestOneDomainServesManyGoroutines has them meet each type for the first time
// together.
func TestOneDomainServesManyGoroutines(t *testing.T) {
	domain := newSession()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			p := &point{1, 2}
			v := []any{named{P: p}, &named{P: p}, []struct{ X, Y int }{{3, 4}}, map[string][]bool{"a": {true}}, time.March, list(nil) == nil}
			m, err := codec.Encode(reflect.ValueOf(&v).Elem(), "v", domain)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := codec.Decode(m, reflect.TypeFor[[]any](), domain)
			if err != nil || !reflect.DeepEqual(got.Interface(), v) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	all.Wait()
}
