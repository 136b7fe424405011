package assist_test

import (
	"fmt"
	"testing"
)

// large is a session of 500 declarations.
func large(b *testing.B) *notebook {
	b.Helper()
	b.Helper()
	n := newNotebook(b, declared...)
	for i := range 100 {
		n.run(fmt.Sprintf(`type Record%[1]d struct { ID int; Name string; Tags []string; Next *Record%[1]d }
func (r *Record%[1]d) String() string { return fmt.Sprint(r.ID, r.Name) }
func Load%[1]d(names ...string) ([]Record%[1]d, error) { return make([]Record%[1]d, len(names)), nil }
const Limit%[1]d = %[1]d
records%[1]d, _ := Load%[1]d("a", "b")
var index%[1]d = map[string]*Record%[1]d{}`, i))
	}
	return n
}

func BenchmarkQuestions(b *testing.B) {
	n := large(b)
	for _, bench := range []struct{ name, code string }{
		{"scope", "x := |"},
		{"prefix", "rec|"},
		{"member", "records42[0].|"},
		{"package", "strings.|"},
		{"function", "func f(r *Record7) {\n\tfor _, tag := range r.Tags {\n\t\tif strings.HasPrefix(tag, r.|\n\t}\n}"},
	} {
		code, cursor := at(bench.code)
		b.Run("complete/"+bench.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := n.Complete(b.Context(), code, cursor); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("inspect/"+bench.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := n.Inspect(b.Context(), code, cursor, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
