//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// asked sends a question about code, with the cursor at the bar, and returns the
// answer.
func (k *served) asked(t wire.Type, code string) kerneltest.Received {
	k.t.Helper()
	before, after, _ := strings.Cut(code, "|")
	content := map[string]any{"code": before + after, "cursor_pos": len([]rune(before))}
	if t == wire.InspectRequest {
		content["detail_level"] = 0
	}
	r := k.Reply(k.Send(kerneltest.Shell, t, content))
	if t != wire.IsCompleteRequest && kerneltest.Field(r.Message, "status") != "ok" {
		k.t.Fatalf("the answer to %s is %s", t, r.Content)
	}
	return r
}

func (k *served) completes(code string, want ...string) {
	k.t.Helper()
	r := k.asked(wire.CompleteRequest, code)
	matches, _ := kerneltest.Field(r.Message, "matches").([]any)
	var got []string
	for _, m := range matches {
		got = append(got, fmt.Sprint(m))
	}
	if !slices.Equal(got, want) {
		k.t.Errorf("%s completes to %q, want %q", code, got, want)
	}
}

func (k *served) inspects(code, want string) {
	k.t.Helper()
	r := k.asked(wire.InspectRequest, code)
	data, _ := kerneltest.Field(r.Message, "data").(map[string]any)
	if found := kerneltest.Field(r.Message, "found"); found != (want != "") {
		k.t.Errorf("%s: found is %v", code, found)
	}
	if text := fmt.Sprint(data["text/plain"]); want != "" && !strings.Contains(text, want) {
		k.t.Errorf("%s is\n%s\nwhich does not say %q", code, text, want)
	}
}

// TestAnswersWhileTyping asks a kernel as front ends do, before anything has run,
// between cells and while one runs.
func TestAnswersWhileTyping(t *testing.T) {
	k := serve(t)
	k.completes("fmt.Printl|", "Println")
	k.inspects("strings.HasPre|fix", "reports whether the string s begins with prefix")
	k.inspects("nothing|", "")
	k.ok("// A Point is a place.\ntype Point struct{ X, Y int }\nfunc (p Point) Norm() int { return p.X + p.Y }\nhere := Point{1, 2}")
	ask := func() {
		t.Helper()
		k.completes("\"😀\"; here.N|", "Norm")
		k.completes("her|", "here")
		k.completes("%eng|", "%engine")
		k.inspects("he|re", "var here Point\n\nDeclared in In [2].")
		k.inspects("var p Po|int", "A Point is a place.")
		r := k.asked(wire.IsCompleteRequest, "for {|")
		if got := string(r.Content); got != `{"status":"incomplete","indent":"\t"}` {
			t.Errorf("for { is %s", got)
		}
	}
	ask()
	id, _ := k.begin("fmt.Println(\"ready\")\nfor n := 0; ; n++ {\n}")
	ask()
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted)
	ask()
}

// BenchmarkAnswers measures how long a kernel whose session has 500 declarations
// takes from the sending of a question to the making of the reply, idle and while a cell spins.
func BenchmarkAnswers(b *testing.B) {
	k := serve(b)
	for i := range 100 {
		k.ok(fmt.Sprintf(`type Record%[1]d struct { ID int; Name string; Tags []string; Next *Record%[1]d }
func (r *Record%[1]d) String() string { return fmt.Sprint(r.ID, r.Name) }
func Load%[1]d(names ...string) ([]Record%[1]d, error) { return make([]Record%[1]d, len(names)), nil }
const Limit%[1]d = %[1]d
records%[1]d, _ := Load%[1]d("a", "b")
var index%[1]d = map[string]*Record%[1]d{}`, i))
	}
	k.asked(wire.CompleteRequest, "strings.|") // the first reads the package
	measure := func(name string) {
		for _, question := range []struct {
			name string
			t    wire.Type
			code string
		}{
			{"scope", wire.CompleteRequest, "x := |"},
			{"member", wire.CompleteRequest, "records42[0].|"},
			{"package", wire.CompleteRequest, "strings.|"},
			{"inspect", wire.InspectRequest, "records42[0].Str|ing()"},
		} {
			b.Run(name+"/"+question.name, func(b *testing.B) {
				var times []time.Duration
				for b.Loop() {
					start := time.Now()
					r := k.asked(question.t, question.code)
					// What the tests do with the reply is not the kernel's time.
					written, err := time.Parse(time.RFC3339Nano, r.Header.Date)
					if err != nil {
						b.Fatal(err)
					}
					times = append(times, written.Sub(start))
					if len(times)%100 == 0 {
						k.Forget()
					}
				}
				slices.Sort(times)
				b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			})
		}
	}
	measure("idle")
	id, _ := k.begin("fmt.Println(\"ready\")\nfor n := 0; ; n++ {\n}")
	measure("spinning")
	k.interrupt()
	k.Finish(id)
}
