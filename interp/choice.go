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

// statements returns what runs the statements of a loaded unit.
func (s *Session) statements(u *check.Unit, p *compiled.Program) (func(), error) {
	s.refusal = chosen{}
	if s.choice == Compiled || !p.HasStatements() {
		return p.Run, nil
	}
	var run func() any
	snippet, err := yaegi.Accept(u, func(v *types.Var) reflect.Value { return s.engine.SessionVariable(v) })
	if err == nil {
		run, err = s.yaegi.Prepare(snippet)
	}
	if s.refusal = err; err != nil {
		if s.choice == Yaegi {
			return nil, fmt.Errorf("yaegi does not run this cell: %w (choose with %%engine auto)", err)
		}
		return p.Run, nil
	}
	return func() {
		value := run()
		if g := engine.Current(); g != nil && u.Last != nil {
			g.Cell.SetResult(engine.Value{V: value})
		}
	}, nil
}
