package assist

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"cuaderno/interp/cell"
	"cuaderno/interp/check"
	"cuaderno/interp/lang"
)

// An Importer provides the packages that cells may use.
type Importer interface {
	check.Importer
	// Paths returns the import paths that cells may import, sorted.
	Paths() []string
}

// A Documenter knows what the authors of packages say about them: the text of a
// comment, without its markers, "" if there is none. The name is that of a
// package-level declaration, or such a name, a dot, and that of a method or field;
// "" asks for the package itself.
type Documenter interface {
	Comment(path, name string) string
}

// Options are what an Assistant needs to know of its session.
type Options struct {
	Checker  *check.Session
	Importer Importer
	// Documents may be nil.
	Documents Documenter
	// Source returns a cell as typed by its number, "" if it is not known. It may
	// be called from any goroutine.
	Source func(count int) string
	// Magics are those that cells may start with.
	Magics []Magic
}

// A Magic is a word with which a cell may start in place of Go, such as %engine.
type Magic struct {
	Name string // with its percent sign
	// Arguments are the words that may follow it.
	Arguments []string
	// Usage is a sentence for people.
	Usage string
}

// Form shows what may follow the word.
func (m Magic) Form() string {
	if len(m.Arguments) == 0 {
		return m.Name
	}
	return m.Name + " [" + strings.Join(m.Arguments, "|") + "]"
}

// An Assistant answers questions about code in the middle of a session. It is safe
// for concurrent use.
type Assistant struct {
	Options
}

// New returns an Assistant. It reads nothing yet.
func New(options Options) *Assistant { return &Assistant{options} }

// Complete lists what may stand at the cursor, a number of code points from the
// start of code. See lang.Session. The error is the cause of ctx if that ends while
// a cell is checked.
func (a *Assistant) Complete(ctx context.Context, code string, cursor int) (c lang.Completion, err error) {
	defer survive(&err)
	at := offsetOf(code, cursor)
	c = lang.Completion{Matches: []lang.Match{}, Start: pointsOf(code, at), End: pointsOf(code, at)}
	place := find(code, at)
	var matches []lang.Match
	switch place.kind {
	case inMagic:
		matches = a.magics(code, &place)
	case inImportPath:
		matches = a.importPaths(place.prefix)
	case inCode:
		if matches, err = a.completeCode(ctx, code, at, &place); err != nil {
			return c, err
		}
	}
	if len(matches) > 0 {
		c.Matches, c.Start, c.End = matches, pointsOf(code, place.start), pointsOf(code, place.end)
	}
	return c, nil
}

// completeCode completes an identifier.
func (a *Assistant) completeCode(ctx context.Context, code string, at int, place *place) ([]lang.Match, error) {
	mended, moved := cell.Mend(code[:at]+cell.Placeholder+code[at:], at)
	var matches []lang.Match
	err := a.Checker.Consult(ctx, mended, moved, func(sketch *check.Sketch) {
		q := a.question(sketch)
		q.prefix, q.before = place.prefix, place.before
		matches = q.complete()
	})
	return matches, err
}

// survive turns a panic into an error: the type checker was not made for code as it
// is while somebody types, and a question must not cost the session.
func survive(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("a bug of Cuaderno: looking at the code: %v\n%s", r, debug.Stack())
	}
}
