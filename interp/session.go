package interp

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"cuaderno/internal/shm"
	"cuaderno/interp/assist"
	"cuaderno/interp/comm"
	"cuaderno/interp/display"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/yaegi"
	"cuaderno/interp/lang"
	"cuaderno/mpruntime"
)

// A Session evaluates the cells of one notebook in this process. There is at
// most one, because children, displays and the standard logger belong to the
// process.
type Session struct {
	*evaluator

	choice    selection
	yaegi     *yaegi.Engine
	yaegiTurn sync.Mutex // held while it prepares and runs the statements of a cell

	footprint *footprint // nil if there is no limit
	assistant *assist.Assistant

	checkpoints *checkpoints // nil where they cannot be kept

	compiling atomic.Pointer[compilation] // nil between two

	done    chan struct{}
	closing sync.Once
	warming sync.WaitGroup
}

var _ lang.Session = (*Session)(nil)

// Options are what a session needs to know of its process.
type Options struct {
	// Stdout and Stderr are the process's own, for what belongs to no cell.
	Stdout, Stderr io.Writer
	// Command starts the helpers that children run in.
	Command mpruntime.Command
	// MemoryLimit is the most that the heap may hold, in bytes, before the cell that
	// runs is stopped, and the most that all processes of the notebook may take
	// together; 0 is no limit.
	MemoryLimit uint64
	// Engine says which engine runs the statements of cells, Auto if empty.
	Engine Choice
}

// New starts the session of this process.
func New(options Options) (*Session, error) {
	if options.Command.Log == nil {
		log, err := shm.NewFile()
		if err != nil && !errors.Is(err, shm.ErrUnsupported) {
			return nil, fmt.Errorf("making the file that children learn from what cells declare: %w", err)
		}
		options.Command.Log = log
	}
	e, err := newEvaluator(options.Stdout, options.Stderr, options.Command, options.MemoryLimit)
	if err != nil {
		return nil, err
	}
	choice, err := choose(string(options.Engine))
	if err != nil {
		return nil, err
	}
	s := &Session{evaluator: e, done: make(chan struct{}), choice: selection{choice: choice}, yaegi: yaegi.New()}
	if s.checkpoints, err = e.resume(options.MemoryLimit); err != nil {
		return nil, err
	}
	// The first cell will not have to wait for all of these.
	s.warming.Go(func() {
		for _, path := range []string{"fmt", "os", "sync", "time", "strings", "sort"} {
			_, _ = s.importer.Import(path)
		}
	})
	if err := mpruntime.Install(s.evaluator); err != nil {
		return nil, err
	}
	s.assistant = s.newAssistant()
	s.footprint = newFootprint(options.MemoryLimit)
	s.redirectLog()
	display.SetSink(sink{})
	comm.SetHost(commHost{})
	return s, nil
}

// closeLimit is how long Close waits for children. Front ends lose patience with a
// kernel after 2.5 s.
const closeLimit = time.Second

// Close ends the children: daemons are terminated, others get a moment to end.
func (s *Session) Close() error {
	s.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		mpruntime.Shutdown(ctx)
		s.footprint.close()
		_ = s.checkpoints.wait(ctx) // one that takes so long is lost
		s.warming.Wait()
		_ = s.checking.take(ctx) // what compiles for ever ends with the process
		close(s.done)
	})
	return nil
}

// Done is closed by Close.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err is nil: a session that crashes takes its process along.
func (s *Session) Err() error { return nil }

// Remains is nil: a session that crashes takes its process along.
func (s *Session) Remains() []string { return nil }

// Execute implements lang.Session.
func (s *Session) Execute(ctx context.Context, c lang.Cell, out lang.Output) lang.Outcome {
	if s.checkpoints.wait(ctx) != nil {
		return neverRan()
	}
	if outcome, ok := s.pageCell(ctx, c.Code, out); ok {
		return outcome
	}
	if outcome, ok := s.magicCell(ctx, c.Code, out); ok {
		return outcome
	}
	defer s.checkpoints.take(c.Count)
	outcome := s.evaluate(ctx, c.Count, c.Code, out, !c.Silent)
	if c.Silent {
		outcome.Result = nil
	}
	if outcome.Err == nil && len(c.Expressions) > 0 {
		outcome.Expressions = map[string]lang.Expression{}
		for name, code := range c.Expressions {
			if _, err := parser.ParseExpr(code); err != nil {
				outcome.Expressions[name] = lang.Expression{Err: newError(lang.CompileError, fmt.Sprintf("%q is not an expression: %v", code, err), nil)}
				continue
			}
			value := s.evaluate(ctx, c.Count, code, out, false)
			if value.Err != nil && value.Err.Name == lang.Crashed {
				return value
			}
			if value.Err == nil && value.Result == nil {
				value.Err = newError(lang.CompileError, fmt.Sprintf("%q has no value", code), nil)
			}
			outcome.Expressions[name] = lang.Expression{Bundle: value.Result, Err: value.Err}
		}
	}
	return outcome
}

// evaluate checks and runs one piece of code. Tracebacks show lines of it if it
// is the cell that people know by that number. A bug of ours costs the cell.
func (s *Session) evaluate(ctx context.Context, count int, code string, out lang.Output, shown bool) (outcome lang.Outcome) {
	defer func() {
		if r := recover(); r != nil {
			outcome = failed(newError("InternalError", (&bug{fmt.Sprint(r)}).Error(), nil))
		}
	}()
	c, err := s.compile(ctx, count, code, shown)
	var bug *bug
	var behind *stuck
	var memory *engine.OutOfMemory
	switch {
	case err == nil:
	case errors.Is(err, errInterrupted), errors.As(err, &behind):
		return neverCompiled(err)
	case errors.As(err, &bug):
		return failed(newError("InternalError", bug.Error(), nil))
	case errors.As(err, &memory):
		return failed(newError(lang.MemoryLimit, memory.Error(), s.fatal(memory)))
	default:
		return failed(compileError(count, code, s.checkpoints.explain(err)))
	}
	defer runtime.KeepAlive(c) // tracebacks show lines of it
	for _, note := range c.unit.Notes {
		out.Stderr([]byte(note + "\n"))
	}
	s.checkpoints.execute(c.program)
	if c.program.UsesProcesses() {
		mpruntime.Prepare()
	}
	if c.program.Lasting() {
		mpruntime.Declared()
	}
	value, cellErr := s.run(ctx, count, s.statements(c.unit, c.program, c.accepted), out)
	if cellErr != nil {
		return failed(cellErr)
	}
	if value.Err != nil {
		return failed(newError("error", value.Err.Error(), []string{red("error: ") + value.Err.Error()}))
	}
	return lang.Outcome{Result: result(value, c.unit)}
}

func failed(err *lang.Error) lang.Outcome { return lang.Outcome{Err: err} }

// neverRan is the outcome of a cell that was interrupted in time.
func neverRan() lang.Outcome {
	return failed(newError(lang.Interrupted, "the cell was interrupted before it ran; it has changed nothing", nil))
}

// errInterrupted is why a cell was stopped from outside.
var errInterrupted = errors.New("interrupted")

// grace is how long a stopped cell may take to unwind before it is left behind:
// something in it waits inside compiled code.
const grace = 250 * time.Millisecond

// callback runs a function of the notebook as a cell of its own, beside those that
// run. Tracebacks name the cell with number count.
func (s *Session) callback(ctx context.Context, count int, f func(), out lang.Output) *lang.Error {
	_, err := s.run(ctx, count, s.engine.Watched(f), out)
	return err
}

// run runs the statements of a program as a cell of their own.
func (s *Session) run(ctx context.Context, count int, statements func(), out lang.Output) (engine.Value, *lang.Error) {
	var r run
	r.ended = make(chan end, 1)
	c := engine.NewCell(count, out, func(g *engine.Goroutine, value any) { s.goroutinePanicked(&r, g, value) })
	c.Pauses = s.engine.Pauses()
	r.cell = c
	defer s.footprint.enter(c)()
	c.Run(statements, func(g *engine.Goroutine, value any) { r.ended <- end{g, value} })
	defer s.over(&r)

	select {
	case e := <-r.ended:
		c.Settle(e.value)
		return c.Result(), s.endError(&r, e)
	case <-ctx.Done():
		c.Stop(errInterrupted)
		mpruntime.Interrupt(mpCell{c})
	case <-c.Context().Done(): // by the cell itself: its children go on
		var exit engine.Exit
		if errors.As(c.Cause(), &exit) {
			return engine.Value{}, s.stopError(&r, exit, nil, nil)
		}
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case e := <-r.ended:
		return c.Result(), s.endError(&r, e)
	case <-timer.C:
		return engine.Value{}, s.abandoned(&r)
	}
}
