package interp_test

import (
	"context"
	"strings"
	"testing"

	"cuaderno/interp/lang"
)

func TestMagics(t *testing.T) {
	session := newSession(t)
	for code, want := range map[string]string{
		"%engine":                    "engine: auto\n",
		"\n%engine  auto \n":         "engine: auto\n",
		"%engine why":                "the cell before was run by",
		"%enginefoo":                 "UsageError: there is no %enginefoo: what begins with % is %engine or %restore",
		"%matplotlib inline":         "UsageError: there is no %matplotlib: what begins with % is %engine or %restore",
		"%":                          "UsageError: there is no %:",
		"%%bash\nls":                 "UsageError: there is no %%bash:",
		"%engine foo":                "UsageError: there is no engine \"foo\": choose auto, compiled or yaegi",
		"%engine auto yaegi":         "UsageError: too much follows it: the cell is %engine [auto|compiled|yaegi|why]",
		"%engine compiled\nx := 1":   "UsageError: %engine is a cell of its own: put what follows it into another",
		"%restore all":               "UsageError: too much follows it: the cell is %restore",
		"%restore\nfmt.Println(1)\n": "UsageError: %restore is a cell of its own: put what follows it into another",
		" %restore ":                 "There is nothing to restore:",
	} {
		out := &recorder{}
		o := session.Execute(context.Background(), lang.Cell{Count: 1, Code: code}, out)
		got := out.text(false)
		if o.Err != nil {
			got = o.Err.Name + ": " + o.Err.Value
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%q gave %q, want %q", code, got, want)
		}
	}
}
