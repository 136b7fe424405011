package assist

import (
	"context"

	"strings"

	"cuaderno/interp/cell"
	"cuaderno/interp/check"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// Inspect describes what stands at the cursor, a number of code points from the
// start of code, or the function whose arguments the cursor is among. See
// lang.Session. The error is the cause of ctx if that ends while a cell is checked.
func (a *Assistant) Inspect(ctx context.Context, code string, cursor, detail int) (in lang.Inspection, err error) {
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
		if d, err = a.inspectCode(ctx, code, at, detail); err != nil {
			return in, err
		}
	}
	if d != nil {
		b := d.bundle()
		in.Bundle = &b
	}
	return in, nil
}

func (a *Assistant) inspectCode(ctx context.Context, code string, at, detail int) (*description, error) {
	mended, moved := cell.Mend(code, at)
	var d *description
	err := a.Checker.Consult(ctx, mended, moved, func(sketch *check.Sketch) {
		q := a.question(sketch)
		q.detail = detail
		d = q.inspect()
	})
	return d, err
}

// magic describes the one that a cell starts with.
func (a *Assistant) magic(code string) *description {
	word, _, _ := strings.Cut(strings.TrimSpace(code), " ")
	for _, m := range a.Magics {
		if m.Name == word {
			return &description{declaration: m.Form(), comment: m.Usage}
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
