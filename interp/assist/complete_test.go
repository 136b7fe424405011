package assist_test

import (
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/lang"
)

// The cells that the tables below speak of.
var declared = []string{
	`type Point struct{ X, Y int; label string }
func (p Point) Norm() float64 { return 0 }
func (p *Point) Move(dx, dy int) {}
type Named struct { Point; Name string; next *Named }
type Shape interface { Area() float64; Perimeter() float64 }
type Pair[K comparable, V any] struct { Key K; Value V }
func (p Pair[K, V]) Swap() Pair[K, V] { return p }
func Twice[T any](x T) (T, T) { return x, x }`,
	`counter := 1
points := []Point{{1, 2, "a"}}
byName := map[string]Named{}
pair := Pair[string, Point]{}
var shape Shape
const limit = 10
func makePoint(x, y int) *Point { return &Point{X: x, Y: y} }
func two() (int, error) { return 1, nil }`,
	`import "net/url"
link, _ := url.Parse("http://example.org")`,
}

// TestComplete completes at the bar. A word of want must be offered, one after a
// minus sign must not, and one after an equals sign is one of those that are all.
func TestComplete(t *testing.T) {
	n := newNotebook(t, declared...)
	for _, tt := range []struct{ code, want string }{
		// names
		{"cou|", "=counter"},
		{"|", "counter points Point limit makePoint mp display fmt- var for func len nil true url -import- -return"},
		{"x := co|", "counter complex const-"},
		{"fmt.Println(cou|", "=counter"},
		{"fmt.Println(len(po|", "points"},
		{"for i := range po|", "points"},
		{"if cou|", "=counter"},
		{"if counter > 0 {\n\tcou|\n}", "=counter"},
		{"switch cou|", "=counter"},
		{"switch counter {\ncase lim|", "=limit"},
		{"for i := 0; i < lim|", "=limit"},
		{"for i := 0; i < 3; i++ {\n\tfmt.Println(i, lim|\n}\ny := 2", "=limit"},
		{"defer makeP|", "=makePoint"},
		{"go func() {\n\tv := points[0]\n\tv.|\n}", "=Move Norm X Y label"},
		{"defer func() { cou|", "=counter"},
		{"go makeP|", "=makePoint"},
		{"return cou|", "=counter"},
		{"func f(alpha int) {\n\tbeta := alp|\n}", "=alpha"},
		{"func f(alpha int) (result string) {\n\tres|\n", "=result"},
		{"func f(alpha int) {\n\tal|\n\nfunc g() {}\nx := 1", "=alpha"},
		{"func (p *Point) Grow(by int) {\n\tp.X += b|\n}", "=by byName byte break- bool"},
		{"f := func(alpha int) int { return alp| }", "=alpha"},
		{"points = append(points, func() Point { lo := 1; return Point{l| }())", "lo limit label"},
		{"early := 1\nlat|\nlater := 2", "=late-"},
		{"early := 1\near|\nlater := 2", "=early"},
		{"func f() { lat| }\nlater := 2", "=later"},
		{"{\n\tinner := 1\n\t_ = inn|\n}", "=inner"},
		{"{\n\tinner := 1\n}\n_ = inn|", "-inner"},
		{"var s Sha|", "=Shape"},
		{"var s []Sha|", "=Shape"},
		{"var s map[string]*Poi|", "=Point"},
		{"func f(p Poi|", "=Point"},
		{"func f(p *Poi|) {}", "=Point"},
		{"func f() Poi|", "=Point"},
		{"type T struct {\n\tp Poi|\n}", "=Point"},
		{"v := shape.(Poi|", "=Point"},
		{"var c coun|", "-counter"},
		{"x := make(chan Poi|", "=Point"},
		{"strin|", "strings string"},
		{"htt|", "http httptest httputil httptrace"},
		{"disp|", "=display"},
		{"mpr|", "="},
		{"u|", "url uint"},
		{"func na|", "="},
		{"type Po|", "="},
		{"outer:\nfor {\n\tbreak ou|\n}", "=outer"},

		// members
		{"strings.HasPre|", "=HasPrefix"},
		{"strings.|", "Builder HasPrefix Split -asciiSet"},
		{"sort.Sl|", "=Slice SliceIsSorted SliceStable"},
		{"fmt.Println(strings.ToU|", "=ToUpper ToUpperSpecial"},
		{"strings.toup|", "=ToUpper ToUpperSpecial"},
		{"var b strings.Bu|", "=Builder"},
		{"var b strings.|", "Builder Reader -HasPrefix"},
		{"points[0].|", "=Move Norm X Y label"},
		{"points[0].|\ncounter = 2", "=Move Norm X Y label"},
		{"byName[\"a\"].|", "Norm X Y Name next Point -Move"},
		{"byName[\"a\"].Point.|", "Norm X Y label"},
		{"makePoint(1, 2).|", "=Move Norm X Y label"},
		{"shape.|", "=Area Perimeter"},
		{"Shape.|", "=Area Perimeter"},
		{"Point.|", "=Norm"},
		{"(*Point).|", "=Move Norm"},
		{"pair.|", "=Key Swap Value"},
		{"pair.Swap().Value.|", "Norm X"},
		{"a, b := Twice(points[0])\na.|", "Norm Move"},
		{"for _, p := range points {\n\tp.|\n}", "Norm Move X"},
		{"for _, p := range points {\n\tfmt.Println(p.|)\n}", "Norm Move X"},
		{"if p := makePoint(1, 2); p.|", "Norm Move X"},
		{"if points[0].X == 1 && points[0].|{\n}", "Norm Move X"},
		{"x := &points[0]\nx.|", "Norm Move X"},
		{"link.Quer|", "=Query"},
		{"url.Par|", "=Parse ParseQuery ParseRequestURI"},
		{"mp.NewProc|", "=NewProcess"},
		{"mp.Shutd|", "="},
		{"display.HT|", "=HTML HTMLer"},
		{"two().|", "="},
		{"func (p *Point) Grow() { p.No| }", "=Norm"},
		{"func (p *Point) Grow() {}\npoints[0].Gr|", "=Grow"},
		{"type Q struct{ Point; Z int }\nfunc (q Q) Sum() int { return q.| }", "Norm Sum X Z Point"},
		{"var wg sync.WaitGroup\nwg.|", "Add Done Wait Go -state"},
		{"func f[T Shape](x T) { x.| }", "=Area Perimeter"},
		{"struct{ A, B int }{}.|", "=A B"},
		{"defer link.Str|", "=String"},
		{"undefinedThing(points[0].|)", "Norm X"},
		{"nothing.|", "="},

		// fields of literals
		{"Point{|", "=X Y label counter fmt-"},
		{"Point{la|", "=label"},
		{"Point{X: 1, |}", "=Y label"},
		{"Point{X: cou|}", "=counter"},
		{"Point{L|: 1}", "=label"},
		{"q := []Point{{la|", "=label"},
		{"q := []*Point{{X: 1, la|", "=label"},
		{"q := map[string]Point{\"a\": {X: 1, la|}}", "=label"},
		{"f(&Named{Na|", "=Name Named"},
		{"http.Client{Time|", "=Timeout"},
		{"[]int{cou|", "=counter"},
		{"Pair[string, int]{Va|", "=Value"},

		// neither in comments nor in literals
		{"// cou|", "="},
		{"x := 1 // cou|", "="},
		{"/* cou| */", "="},
		{"\"cou|\"", "="},
		{"\"cou|", "="},
		{"`cou|", "="},
		{"`cou|\nmore", "="},
		{"'c|'", "="},
		{"12|", "="},
		{"points[0]|", "="},

		// imports and magics
		{"import \"enc|", "encoding encoding/json encoding/xml -fmt"},
		{"import \"encoding/js|\"", "=encoding/json"},
		{"import (\n\t\"fmt\"\n\t\"net/ht|\n)", "net/http net/http/httptest"},
		{"import e \"encoding/js|", "=encoding/json"},
		{"%|", "=%engine %restore"},
		{"%en|", "=%engine"},
		{"%engine |", "=auto compiled why yaegi"},
		{"%engine co|", "=compiled"},

		// after characters beyond the basic plane
		{"s := \"𝔾𝕠 😀\"; cou|", "=counter"},
		{"// 😀\npoints[0].No|", "=Norm"},
	} {
		c := n.complete(tt.code)
		got := texts(c)
		offered := slices.Clone(got)
		exact := strings.HasPrefix(tt.want, "=")
		for _, word := range strings.Fields(strings.TrimPrefix(tt.want, "=")) {
			if name := strings.Trim(word, "-"); name != word {
				if slices.Contains(got, name) {
					t.Errorf("%q offers %s", tt.code, name)
				}
				continue
			}
			if !slices.Contains(got, word) {
				t.Errorf("%q does not offer %s, but %s", tt.code, word, strings.Join(got[:min(len(got), 40)], " "))
			}
			offered = slices.DeleteFunc(offered, func(name string) bool { return name == word })
		}
		if exact && len(offered) > 0 && len(offered) < 30 && !strings.Contains(tt.want, "-") {
			t.Errorf("%q offers %s as well", tt.code, strings.Join(offered, " "))
		}
	}
}

func TestCompletionRange(t *testing.T) {
	n := newNotebook(t, declared...)
	for _, tt := range []struct {
		code       string
		start, end int
	}{
		{"fmt.Prin|", 4, 8},
		{"fmt.Prin|tln(1)", 4, 11},
		{"\"😀\"; cou|", 5, 8},
		{"nothing.Foo|", 11, 11},
		{"import \"enc|oding\"", 8, 16},
		{"%engine au|", 8, 10},
	} {
		if c := n.complete(tt.code); c.Start != tt.start || c.End != tt.end {
			t.Errorf("%q completes %d–%d, want %d–%d", tt.code, c.Start, c.End, tt.start, tt.end)
		}
	}
}

func TestMatches(t *testing.T) {
	n := newNotebook(t, declared...)
	for code, want := range map[string]lang.Match{
		"makeP|":              {Text: "makePoint", Type: "function", Signature: "(x int, y int) *Point"},
		"coun|":               {Text: "counter", Type: "variable", Signature: "int"},
		"limi|":               {Text: "limit", Type: "constant", Signature: "untyped int"},
		"Sha|":                {Text: "Shape", Type: "type", Signature: "interface"},
		"points[0].No|":       {Text: "Norm", Type: "method", Signature: "() float64"},
		"points[0].lab|":      {Text: "label", Type: "field", Signature: "string"},
		"strings.HasPre|":     {Text: "HasPrefix", Type: "function", Signature: "(s string, prefix string) bool"},
		"filepat|":            {Text: "filepath", Type: "package", Signature: "path/filepath"},
		"swit|":               {Text: "switch", Type: "keyword"},
		"link.Quer|":          {Text: "Query", Type: "method", Signature: "() url.Values"},
		"mp.NewQueu|":         {Text: "NewQueue", Type: "function", Signature: "(max ...int) *mp.Queue"},
		"two|":                {Text: "two", Type: "function", Signature: "() (int, error)"},
		"slices.SortStableF|": {Text: "SortStableFunc", Type: "function", Signature: "[S ~[]E, E any](x S, cmp func(a E, b E) int)"},
	} {
		c := n.complete(code)
		if len(c.Matches) == 0 || c.Matches[0] != want {
			t.Errorf("%q offers %+v, want %+v", code, c.Matches, want)
		}
	}
}
