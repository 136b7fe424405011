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
