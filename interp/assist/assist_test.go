package assist_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"cuaderno/interp/assist"
	"cuaderno/interp/check"
	"cuaderno/interp/lang"
	"cuaderno/interp/stdlib"
)

// A notebook is a session that has checked cells, and answers about the next.
type notebook struct {
	testing.TB
	*assist.Assistant
	session *check.Session
	cells   []string
}

func newNotebook(t testing.TB, cells ...string) *notebook {
	t.Helper()
	importer, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	importer.Hide("cuaderno/mpruntime", "Shutdown")
	session, err := check.New(importer, map[string]string{"mp": "cuaderno/mpruntime", "display": "cuaderno/interp/display"})
	if err != nil {
		t.Fatal(err)
	}
	n := &notebook{TB: t, session: session}
	n.Assistant = assist.New(assist.Options{
		Checker:   session,
		Importer:  importer,
		Documents: &stdlib.Documentation{},
		Source: func(count int) string {
			if count < 1 || count > len(n.cells) {
				return ""
			}
			return n.cells[count-1]
		},
		Magics: []assist.Magic{
			{Name: "%engine", Arguments: []string{"auto", "compiled", "yaegi", "why"}, Usage: "says which engine runs the cells"},
			{Name: "%restore", Usage: "brings back what a crash has taken"},
		},
	})
	for _, c := range cells {
		n.run(c)
	}
	return n
}

// run declares what a cell declares.
func (n *notebook) run(code string) {
	n.Helper()
	n.cells = append(n.cells, code)
	unit, err := n.session.Check(len(n.cells), code)
	if err != nil {
		n.Fatalf("the cell\n%s\ndoes not compile: %v", code, err)
	}
	unit.Commit()
}

// at takes the bar that marks the cursor out of code.
func at(code string) (string, int) {
	before, after, _ := strings.Cut(code, "|")
	return before + after, utf8.RuneCountInString(before)
}

func (n *notebook) complete(code string) lang.Completion {
	n.Helper()
	text, cursor := at(code)
	c, err := n.Complete(n.Context(), text, cursor)
	if err != nil {
		n.Fatalf("%s: %v", code, err)
	}
	return c
}

func texts(c lang.Completion) []string {
	names := make([]string, len(c.Matches))
	for i, m := range c.Matches {
		names[i] = m.Text
	}
	return names
}
