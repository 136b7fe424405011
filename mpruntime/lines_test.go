package mpruntime

import (
	"slices"
	"strings"
	"testing"
)

// pieces records each write.
type pieces []string

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, string(b))
	return len(b), nil
}

func TestLinesAreWhole(t *testing.T) {
	var got pieces
	l := &lines{}
	l.add([]byte("early\nbe"))
	l.route(&got)
	for _, piece := range []string{"gin", "ning\n", "a\nb\nc", "", "d\n", "rest"} {
		l.add([]byte(piece))
	}
	l.flush()
	l.flush()
	want := pieces{"early\n", "beginning\n", "a\nb\n", "cd\n", "rest"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLongLineIsDeliveredInPieces(t *testing.T) {
	var got pieces
	l := &lines{}
	l.route(&got)
	text := strings.Repeat("x", 3*maxLine) + "\nend\n"
	for part := range slices.Chunk([]byte(text), 1000) {
		l.add(part)
	}
	if strings.Join(got, "") != text {
		t.Error("something was lost")
	}
	for _, piece := range got {
		if len(piece) > 2*maxLine {
			t.Errorf("a piece of %d bytes", len(piece))
		}
	}
}

func TestOutputThatNobodyWantsIsBounded(t *testing.T) {
	l := &lines{}
	for range 100 {
		l.add(make([]byte, 10_000))
	}
	if len(l.rest) > maxLine {
		t.Errorf("%d bytes are held", len(l.rest))
	}
}

func TestCrashesAreShort(t *testing.T) {
	const dump = "fatal error: concurrent map writes\n\ngoroutine 7 gp=0xc000 m=3 mp=0xc001 [running]:\n" +
		"cuaderno/interp.run(0x1)\n\t/a/run.go:12 +0x1\ncreated by main.f in goroutine 1\n\t/a/run.go:1 +0x5\n\n" +
		"goroutine 1 [select]:\nmain.main(...)\n\t/a/main.go:3\nrax    0x0\nrip    0x46\nexit status 2\n"
	for _, test := range []struct{ name, text, who, want string }{
		{"a crash", "before\n" + dump, "P (pid 1)", "before\nP (pid 1): fatal error: concurrent map writes\n"},
		{"out of memory", "runtime: out of memory: cannot allocate 4-byte block (2 in use)\nfatal error: out of memory\n\nruntime stack:\nruntime.throw({0x1})\n\t/a/b.go:1\n", "P (pid 1)",
			"P (pid 1): runtime: out of memory: cannot allocate 4-byte block (2 in use)\nfatal error: out of memory\n(a higher limit: --memory or CUADERNO_MEMORY)\n"},
		{"a child's child", dump + "goes on\nfatal error: no crash\n", "P (pid 1)", "fatal error: concurrent map writes\ngoes on\nfatal error: no crash\n"},
		{"no crash", "fatal error: mine\nmore\nruntime: x\n\ny", "", "fatal error: mine\nmore\nruntime: x\n\ny"},
		{"its own stack", "goroutine 1 [running]:\nmain.f(0x1)\n", "", "goroutine 1 [running]:\nmain.f(0x1)\n"},
	} {
		for _, size := range []int{1, 7, len(test.text)} {
			var got pieces
			l := &lines{to: &got, crash: &crash{}}
			for piece := range slices.Chunk([]byte(test.text), size) {
				l.add(piece)
			}
			l.end(test.who)
			if text := strings.Join(got, ""); text != test.want {
				t.Errorf("%s in pieces of %d: %q, want %q", test.name, size, text, test.want)
			}
		}
	}
}
