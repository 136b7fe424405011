package assist

import (
	"strings"

	"cuaderno/interp/cell"
	"cuaderno/interp/check"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// Inspect describes what stands at the cursor, a number of code points from the
// start of code, or the function whose arguments the cursor is among. See
// lang.Session.
func (a *Assistant) Inspect(code string, cursor, detail int) (in lang.Inspection, err error) {
	defer survive(&err)
	at := offsetOf(code, cursor)
	var d *description
	place := find(code, at)
	switch place.kind {
	case inMagic:
		d = a.magic(code)
	case inImportPath:
		d = a.packageAt(code[place.start:place.end], detail)
	default:
		d = a.inspectCode(code, at, detail)
	}
	if d != nil {
		b := d.bundle()
		in.Bundle = &b
	}
	return in, nil
}

func (a *Assistant) inspectCode(code string, at, detail int) *description {
	mended, moved := cell.Mend(code, at)
	var d *description
	a.Checker.Consult(mended, moved, func(sketch *check.Sketch) {
		q := a.question(sketch)
		q.detail = detail
		d = q.inspect()
	})
	return d
}

// magic describes the one that a cell starts with.
func (a *Assistant) magic(code string) *description {
	word, _, _ := strings.Cut(strings.TrimSpace(code), " ")
	for _, m := range a.Magics {
		if m.Name == word {
			usage := m.Name
			if len(m.Arguments) > 0 {
				usage += " [" + strings.Join(m.Arguments, "|") + "]"
			}
			return &description{declaration: usage, comment: m.Usage}
		}
	}
	return nil
}

// packageAt describes the package with an import path.
func (a *Assistant) packageAt(path string, detail int) *description {
	name, ok := a.Importer.Offers(path)
	if !ok {
		return nil
	}
	return &description{
		declaration: "package " + name + " // import \"" + path + "\"",
		comment:     a.comment(path, ""),
		path:        path,
		brief:       detail == 0,
	}
}

// comment is what the authors of a package say.
func (a *Assistant) comment(path, name string) string {
	if a.Documents == nil {
		return ""
	}
	return a.Documents.Comment(path, name)
}

// A description is the answer to an inspection before it has a form.
type description struct {
	declaration string
	where       string // the cell that declares it
	comment     string // as doc comments are written
	path        string // of the package that the comment speaks of, "" in the notebook
	brief       bool   // only the first paragraph is wanted
}

func (d *description) bundle() display.Bundle {
	plain := []string{d.declaration}
	markdown := []string{"```go\n" + d.declaration + "\n```"}
	if d.where != "" {
		plain = append(plain, d.where)
		markdown = append(markdown, "*"+d.where+"*")
	}
	if text, marked := d.prose(); text != "" {
		plain = append(plain, text)
		markdown = append(markdown, marked)
	}
	b := display.Text(strings.Join(plain, "\n\n"))
	b.Data[display.MIMEMarkdown] = strings.Join(markdown, "\n\n")
	return b
}
