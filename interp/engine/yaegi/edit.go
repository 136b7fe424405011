package yaegi

import (
	"sort"
	"strings"
)

// An editor collects changes to a text. Changes at the same offset take effect
// in the order in which they were made; no two of them remove the same bytes.
type editor struct {
	text  string
	edits []edit
}

type edit struct {
	off, del int
	insert   string
}

func (e *editor) insert(off int, s string) { e.edits = append(e.edits, edit{off, 0, s}) }

func (e *editor) replace(start, end int, s string) {
	e.edits = append(e.edits, edit{start, end - start, s})
}

// forget drops the changes from start to end.
func (e *editor) forget(start, end int) {
	kept := e.edits[:0:0]
	for _, ed := range e.edits {
		if ed.off < start || ed.off+ed.del > end {
			kept = append(kept, ed)
		}
	}
	e.edits = kept
}

// render returns the text from start to end with the changes in it, those at
// both borders included.
func (e *editor) render(start, end int) string {
	var edits []edit
	for _, ed := range e.edits {
		if ed.off >= start && ed.off+ed.del <= end {
			edits = append(edits, ed)
		}
	}
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].off < edits[j].off })
	var b strings.Builder
	at := start
	for _, ed := range edits {
		if ed.off > at {
			b.WriteString(e.text[at:ed.off])
			at = ed.off
		}
		b.WriteString(ed.insert)
		at = max(at, ed.off+ed.del)
	}
	b.WriteString(e.text[at:end])
	return b.String()
}
