package interp

import (
	"fmt"
	"go/types"
	"reflect"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/interp/engine/yaegi"
	"cuaderno/interp/lang"
)

// A Choice says which engine runs the statements of cells. Functions are always
// the compiled engine's.
type Choice string

// Auto gives yaegi what it does exactly as Go, and the compiled engine the rest.
// Yaegi refuses what yaegi cannot be trusted with.
const (
	Auto     Choice = "auto"
	Compiled Choice = "compiled"
	Yaegi    Choice = "yaegi"
)

func choose(name string) (Choice, error) {
	switch c := Choice(name); c {
	case "":
		return Auto, nil
	case Auto, Compiled, Yaegi:
		return c, nil
	}
	return "", fmt.Errorf("there is no engine %q: choose auto, compiled or yaegi", name)
}

// engineMagic is the cell that shows or changes the choice.
const engineMagic = "%engine"

// engineCell runs a cell %engine, %engine NAME or %engine why.
func (s *Session) engineCell(arg string, out lang.Output) lang.Outcome {
	switch arg {
	case "":
	case "why":
		if s.refusal == nil {
			out.Stdout([]byte("the cell before was run by yaegi\n"))
		} else {
			out.Stdout([]byte("the cell before was run by the compiled engine: " + s.refusal.Error() + "\n"))
		}
		return lang.Outcome{}
	default:
		choice, err := choose(arg)
		if err != nil {
			return failed(newError("UsageError", err.Error(), nil))
		}
		s.choice = choice
	}
	out.Stdout([]byte("engine: " + string(s.choice) + "\n"))
	return lang.Outcome{}
}

// chosen is the reason that a cell was not even offered to yaegi.
type chosen struct{}

func (chosen) Error() string { return "%engine compiled was chosen" }

// judge finds out whether yaegi runs the statements of a checked unit. The error
// is for those who want yaegi and nothing else.
func (s *Session) judge(u *check.Unit) error {
	s.accepted, s.refusal = nil, chosen{}
	if s.choice == Compiled {
		return nil
	}
	snippet, err := yaegi.Accept(u, func(v *types.Var) reflect.Value { return s.engine.SessionVariable(v) })
	if err == nil {
		s.accepted, err = s.yaegi.Prepare(snippet)
	}
	s.refusal = err
	if err != nil && s.choice == Yaegi && len(u.Cell.Body.Body.List) > 0 {
		return fmt.Errorf("yaegi does not run this cell: %w (choose with %%engine auto)", err)
	}
	return nil
}

// statements returns what runs the statements of a unit that was judged.
func (s *Session) statements(u *check.Unit, p *compiled.Program) func() {
	run := s.accepted
	if run == nil {
		return p.Run
	}
	return func() {
		value := run()
		if g := engine.Current(); g != nil && u.Last != nil {
			g.Cell.SetResult(engine.Value{V: value})
		}
	}
}
