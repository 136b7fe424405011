package interp

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"sync"

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

// engineWhy asks for the engine that ran the cell before, and for the reason.
const engineWhy = "why"

// engineCell runs a cell %engine, which shows or changes the choice.
func (s *Session) engineCell(_ context.Context, arg string, out lang.Output) lang.Outcome {
	switch arg {
	case "":
	case engineWhy:
		if refusal := s.choice.why(); refusal == nil {
			out.Stdout([]byte("the cell before was run by yaegi\n"))
		} else {
			out.Stdout([]byte("the cell before was run by the compiled engine: " + refusal.Error() + "\n"))
		}
		return lang.Outcome{}
	default:
		choice, err := choose(arg)
		if err != nil {
			return failed(newError("UsageError", err.Error(), nil))
		}
		s.choice.set(choice)
	}
	out.Stdout([]byte("engine: " + string(s.choice.get()) + "\n"))
	return lang.Outcome{}
}

// A selection is the choice of a session and what came of it for the cell judged
// last.
type selection struct {
	mu      sync.Mutex
	choice  Choice
	refusal error // why yaegi did not run the cell
}

func (s *selection) get() Choice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.choice
}

func (s *selection) set(c Choice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choice = c
}

func (s *selection) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}

func (s *selection) judged(refusal error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = refusal
}

// chosen is the reason that a cell was not even offered to yaegi.
type chosen struct{}

func (chosen) Error() string { return "%engine compiled was chosen" }

// errTaken is why yaegi does not run a cell beside another.
var errTaken = errors.New("yaegi runs another cell at this moment")

// A snippet is what yaegi runs of a cell: the zero value if nothing.
type snippet struct {
	run  func() any
	done func() // lets yaegi run the next
}

// judge finds out whether yaegi runs the statements of a checked unit. The error
// is for those who want yaegi and nothing else.
func (s *Session) judge(u *check.Unit) (snippet, error) {
	choice := s.choice.get()
	if choice == Compiled {
		s.choice.judged(chosen{})
		return snippet{}, nil
	}
	accepted, err := s.accept(u, choice)
	s.choice.judged(err)
	if err != nil && choice == Yaegi && len(u.Cell.Body.Body.List) > 0 {
		return snippet{}, fmt.Errorf("yaegi does not run this cell: %w (choose with %%engine auto)", err)
	}
	return accepted, nil
}

func (s *Session) accept(u *check.Unit, choice Choice) (snippet, error) {
	accepted, err := yaegi.Accept(u, func(v *types.Var) reflect.Value { return s.engine.SessionVariable(v) })
	if err != nil {
		return snippet{}, err
	}
	if choice == Yaegi {
		s.yaegiTurn.Lock() // nothing that yaegi runs takes long
	} else if !s.yaegiTurn.TryLock() {
		return snippet{}, errTaken
	}
	run, err := s.yaegi.Prepare(accepted)
	if err != nil {
		s.yaegiTurn.Unlock()
		return snippet{}, err
	}
	return snippet{run, s.yaegiTurn.Unlock}, nil
}

// statements returns what runs the statements of a unit that was judged.
func (s *Session) statements(u *check.Unit, p *compiled.Program, accepted snippet) func() {
	if accepted.run == nil {
		return p.Run
	}
	return s.engine.Watched(func() {
		defer p.Forget()
		defer accepted.done()
		value := accepted.run()
		if g := engine.Current(); g != nil && u.Last != nil {
			g.Cell.SetResult(engine.Value{V: value})
		}
	})
}
