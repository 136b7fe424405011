package interp

import (
	"context"
	"fmt"
	"strings"

	"cuaderno/interp/assist"
	"cuaderno/interp/lang"
)

// A magic is a cell of one line that is not Go: a word that begins with a percent
// sign, and what may follow it.
type magic struct {
	assist.Magic
	run func(ctx context.Context, argument string, out lang.Output) lang.Outcome
}

// magics returns those that there are.
func (s *Session) magics() []magic {
	return []magic{
		{assist.Magic{
			Name: "%engine", Arguments: []string{string(Auto), string(Compiled), string(Yaegi), engineWhy},
			Usage: "says, or chooses, which engine runs the statements of cells; why tells which one ran the cell before",
		}, s.engineCell},
		{assist.Magic{Name: "%restore", Usage: "brings back what a session that crashed has left"}, s.restoreCell},
	}
}

// magicCell runs a cell that is a magic. ok is false for other cells.
func (s *Session) magicCell(ctx context.Context, code string, out lang.Output) (outcome lang.Outcome, ok bool) {
	words := strings.Fields(code)
	if len(words) == 0 || !strings.HasPrefix(words[0], "%") {
		return outcome, false
	}
	refuse := func(format string, args ...any) (lang.Outcome, bool) {
		return failed(newError("UsageError", fmt.Sprintf(format, args...), nil)), true
	}
	var names []string
	for _, m := range s.magics() {
		names = append(names, m.Name)
		if m.Name != words[0] {
			continue
		}
		switch {
		case strings.Contains(strings.TrimSpace(code), "\n"):
			return refuse("%s is a cell of its own: put what follows it into another", m.Name)
		case len(words) > 2, len(words) == 2 && len(m.Arguments) == 0:
			return refuse("too much follows it: the cell is %s", m.Form())
		case len(words) == 2:
			return m.run(ctx, words[1], out), true
		}
		return m.run(ctx, "", out), true
	}
	return refuse("there is no %s: what begins with %% is %s", words[0], strings.Join(names, " or "))
}
