package lang_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"cuaderno/interp/lang"
)

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"hola", 4, "hola"},
		{"holas", 4, "hola… (1 bytes more)"},
		{"año", 2, "a… (3 bytes more)"},

		{"\x1b[1;31mrojo y más", 12, "\x1b[1;31mrojo \x1b[0m… (6 bytes more)"},
	} {
		if got := lang.Shorten(c.text, c.limit); got != c.want {
			t.Errorf("of %q there is %q, want %q", c.text, got, c.want)
		}
	}
}

func TestLongErrorsAreShortened(t *testing.T) {
	long := strings.Repeat("ñ", 10<<20)
	e := (&lang.Error{Name: "error", Value: long, Traceback: []string{"\x1b[31merror: \x1b[0m" + long, "In [1]:3"}}).Shortened()
	if len(e.Value) > 40<<10 || len(e.Traceback) != 2 || len(e.Traceback[0]) > 40<<10 || e.Traceback[1] != "In [1]:3" {
		t.Errorf("%d bytes, %d lines", len(e.Value), len(e.Traceback))
	}
	if !strings.Contains(e.Value, "bytes more)") || !utf8.ValidString(e.Value) || e.Name != "error" {
		t.Errorf("the value ends with %q", e.Value[len(e.Value)-40:])
	}
	many := (&lang.Error{Name: "error", Traceback: strings.Split(strings.Repeat("line\n", 1<<20), "\n")}).Shortened()
	if n := len(strings.Join(many.Traceback, "\n")); n > 256<<10 || !strings.HasSuffix(many.Traceback[len(many.Traceback)-1], "lines more)") {
		t.Errorf("%d bytes of traceback, the last line is %q", n, many.Traceback[len(many.Traceback)-1])
	}
	if short := (&lang.Error{Name: "error", Value: "corto", Traceback: []string{"error: corto"}}); short.Shortened() != short {
		t.Error("a short error was changed")
	}
}
