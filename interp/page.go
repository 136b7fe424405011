package interp

import (
	"context"
	"fmt"
	"regexp"

	"cuaderno/interp/lang"
)

// question is a cell that asks what a name or a magic is, as IPython's do: name? or
// ?name for what stands beside it and its documentation, two marks for more.
var question = regexp.MustCompile(`^\s*(?:(%?[\pL_][\pL\pN_.]*)\s*(\?{1,2})|(\?{1,2})\s*(%?[\pL_][\pL\pN_.]*))\s*$`)

// pageCell answers a cell that is a question: with a page, which front ends show
// beside the notebook or under the cell. ok is false for other cells.
func (s *Session) pageCell(ctx context.Context, code string, out lang.Output) (outcome lang.Outcome, ok bool) {
	parts := question.FindStringSubmatch(code)
	if parts == nil {
		return outcome, false
	}
	name, detail := parts[1]+parts[4], len(parts[2]+parts[3])-1
	found, err := s.assistant.Inspect(ctx, name, len([]rune(name)), detail)
	switch {
	case err != nil && ctx.Err() != nil:
		return neverRan(), true
	case err != nil:
		return failed(newError("InternalError", err.Error(), nil)), true
	}
	if found.Bundle == nil {
		out.Stdout(fmt.Appendf(nil, "Nothing is known of %s: it is declared by no cell, and no package or magic is called so.\n", name))
	}
	return lang.Outcome{Page: found.Bundle}, true
}
