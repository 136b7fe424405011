package interp_test

import (
	"fmt"
	"strings"
	"testing"

	"cuaderno/interp/lang"
)

// TestLargeResultsAreCut shows values that are too large to be read.
func TestLargeResultsAreCut(t *testing.T) {
	s := newSession(t)
	count := 0
	execute := func(code string) lang.Outcome {
		t.Helper()
		count++
		return s.Execute(t.Context(), lang.Cell{Count: count, Code: code, Expressions: map[string]string{"e": "1"}}, &recorder{})
	}
	if o := execute(`import ("errors"; "strings")
long := strings.Repeat("ñ\x00", 20<<20)
list := make([]int, 20<<20)
table := map[string]string{long: long}
type Wordy struct{ N int }
func (w Wordy) String() string { return long }
type Holder struct{ A, B string; List *[]int; Any any }`); o.Err != nil {
		t.Fatal(o.Err)
	}
	for _, c := range []struct{ code, begins, has string }{
		{"long", `"ñ\x00ñ\x00`, "bytes more)"},
		{"long[1:]", `"\xb1\x00ñ`, "bytes more)"},
		{"func() (string, string) { return long, long }()", `"ñ\x00ñ\x00`, "bytes more), \"ñ"},
		{"[]string{long, long, long}", `[]string{"ñ\x00`, "bytes more), … 2 more}"},
		{"table", `map[string]string{"ñ\x00`, "bytes more)"},
		{"Wordy{}", "ñ", "bytes more)"},
		{"[]Wordy{{}}", "[]Wordy{ñ", "bytes more)}"},
		{"Holder{A: long, B: long, List: &list}", `Holder{A: "ñ\x00`, "bytes more)"},
		{"Holder{List: &list}", `Holder{A: "", B: "", List: &[]int{0, 0, `, "more}, Any: <nil>}"},
		{"[]byte(long)", "[]uint8{195, 177, 0, ", "more}"},
		{"&long", `&"ñ\x00`, "bytes more)"},
		{"long[:9]", `"ñ\x00ñ\x00ñ\x00"`, ""},
	} {
		o := execute(c.code)
		if o.Err != nil || o.Result == nil {
			t.Errorf("%s: %+v", c.code, o.Err)
			continue
		}
		text := fmt.Sprint(o.Result.Data["text/plain"])
		if len(text) > 1<<20 || !strings.HasPrefix(text, c.begins) || !strings.Contains(text, c.has) {
			t.Errorf("%s is shown in %d bytes: %.80s … %s", c.code, len(text), text, text[max(0, len(text)-80):])
		}
	}
	for _, code := range []string{"errors.New(long)", "panic(long)", "panic(errors.New(long))", "func() error { return errors.New(long) }()"} {
		o := execute(code)
		if o.Err == nil {
			continue // a value is shown
		}
		if n := len(o.Err.Value) + len(strings.Join(o.Err.Traceback, "")); n > 200<<10 || !strings.Contains(o.Err.Value, "bytes more)") {
			t.Errorf("%s: the error has %d bytes", code, n)
		}
	}
}
