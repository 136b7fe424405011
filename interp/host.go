package interp

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"

	"cuaderno/interp/engine"
	"cuaderno/mpruntime"
)

// This file implements mpruntime.Host: how what a cell gives to mp.NewProcess
// gets into a bundle, and out of it in the child.

var _ mpruntime.Host = (*evaluator)(nil)

// A bundle is what a child needs to call a target.
type bundle struct {
	Programs []*engine.Program
	Sources  map[int]string
	// Function is the name of the target in the programs. If it makes a literal
	// it is called with the captured values first.
	Function string
	Literal  bool
	// Variables are the names of the reachable session variables. Values is one
	// message, so that sharing is kept: their values, the captured ones and the
	// arguments.
	Variables           []string
	Captures, Arguments int
	Values              []byte
	Cell                int // that called Start
}

// A call is a described target with its arguments, the receiver of a method
// first, and the signature that takes them.
type call struct {
	target engine.Target
	args   []any
	sig    reflect.Type
}

// Describe implements mpruntime.Host.
func (e *evaluator) Describe(target any, args []any) (mpruntime.Target, error) {
	t, ok := target.(engine.Target)
	if !ok {
		return mpruntime.Target{}, errors.New("mp.NewProcess: cannot tell which function this is: call mp.NewProcess itself, with the function's name, a function literal, a method value or a value with Run()")
	}
	f, ok := e.engine.Variables()[t.Name]
	if !ok {
		return mpruntime.Target{}, fmt.Errorf("mp.NewProcess: %s is not declared in this process", t.Label)
	}
	sig := f.Type()
	if t.Literal {
		sig = sig.Out(0)
	}
	if t.Method {
		args = append([]any{t.Recv}, args...)
	}
	if n := sig.NumIn(); len(args) < n && !(sig.IsVariadic() && len(args) == n-1) || len(args) > n && !sig.IsVariadic() {
		return mpruntime.Target{}, fmt.Errorf("mp.NewProcess: wrong number of arguments for %s: have %d, want %d", t.Label, len(args), n)
	}
	return mpruntime.Target{Name: t.Label, Value: call{t, args, sig}}, nil
}

// Bundle implements mpruntime.Host.
func (e *evaluator) Bundle(t mpruntime.Target) ([]byte, error) {
	c := t.Value.(call)
	e.mu.Lock()
	programs := e.programs
	sources := make(map[int]string, len(e.sources))
	b := bundle{
		Function: c.target.Name,
		Literal:  c.target.Literal,
		Sources:  sources,
		Captures: len(c.target.Captures), Arguments: len(c.args),
	}
	reach := newReach(programs)
	reach.from(c.target.Name)
	b.Programs = reach.programs()
	for _, p := range b.Programs {
		sources[p.Count] = e.sources[p.Count]
	}
	e.mu.Unlock()
	if g := engine.Current(); g != nil {
		b.Cell = g.Cell.Count
	}
	b.Variables = reach.variables()
	values, err := e.encode(b.Variables, reach, c)
	if err != nil {
		return nil, err
	}
	b.Values = values
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(b); err != nil {
		return nil, fmt.Errorf("packing the child's declarations: %w", err)
	}
	return buf.Bytes(), nil
}

// encode writes the message of a bundle's values.
func (e *evaluator) encode(names []string, reach *reach, c call) ([]byte, error) {
	enc := mpruntime.NewEncoder()
	variables := e.engine.Variables()
	for _, name := range names {
		if !variables[name].IsValid() {
			return nil, fmt.Errorf("%s is not declared in this process", reach.label(name))
		}
		enc.Variable(variables[name])
	}
	for _, name := range names {
		if err := enc.Encode(variables[name], reach.label(name)); err != nil {
			return nil, inNotebookTerms(err)
		}
	}
	for i, p := range c.target.Captures {
		if err := enc.Encode(reflect.ValueOf(p).Elem(), fmt.Sprintf("captured variable %d", i+1)); err != nil {
			return nil, inNotebookTerms(err)
		}
	}
	for i, arg := range c.args {
		path := fmt.Sprintf("argument %d", i+1)
		if c.target.Method {
			path = fmt.Sprintf("argument %d", i)
			if i == 0 {
				path = "the value " + c.target.Label
			}
		}
		v := reflect.ValueOf(arg)
		if t := param(c.sig, i); t.Kind() == reflect.Interface {
			v = reflect.New(t).Elem() // its dynamic type goes along
			if arg != nil && reflect.TypeOf(arg).AssignableTo(t) {
				v.Set(reflect.ValueOf(arg))
			}
		}
		if err := enc.Encode(v, path); err != nil {
			return nil, inNotebookTerms(err)
		}
	}
	return enc.Bytes(), nil
}

// unexportedField finds the names that yaegi gives to unexported fields.
var unexportedField = regexp.MustCompile(`\.X(\p{Ll}\w*)`)

// inNotebookTerms takes what only the engine knows out of a refusal.
func inNotebookTerms(err error) error {
	var refusal *mpruntime.NotCopyableError
	if errors.As(err, &refusal) {
		refusal.Path = unexportedField.ReplaceAllString(refusal.Path, ".$1")
		if strings.Contains(refusal.Type, "interp.") {
			refusal.Type = "an interface that the notebook declares"
			refusal.Why = "only values of a concrete type travel so far"
		}
	}
	return err
}

// Run implements mpruntime.Host, in a child.
func (e *evaluator) Run(ctx context.Context, data []byte) (exitCode int) {
	f, args, count, err := e.restore(data)
	if err != nil {
		fmt.Fprintln(e.stderr, "mp:", err)
		return 1
	}
	ended := make(chan end, 1)
	c := engine.NewCell(count, processOutput{e.stdout, e.stderr}, func(g *engine.Goroutine, value any) {
		ended <- end{g, value}
	})
	c.Run(func() { f.Call(args) }, func(g *engine.Goroutine, value any) { ended <- end{g, value} })
	select {
	case how := <-ended:
		return e.exitCode(c, how)
	case <-c.Context().Done(): // os.Exit, or a recursion without end
		return e.exitCode(c, end{})
	case <-ctx.Done():
	}
	// Interrupted: its children too, and what it has deferred still runs.
	c.Stop(errInterrupted)
	mpruntime.Interrupt(mpCell{c})
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
	return e.exitCode(c, end{})
}

// exitCode says how a child ends whose goroutine ended like that.
func (e *evaluator) exitCode(c *engine.Cell, ended end) int {
	var exit engine.Exit
	var overflow *engine.StackOverflow
	switch cause := c.Cause(); {
	case errors.As(cause, &exit):
		return exit.Code
	case errors.As(cause, &overflow):
		ended = end{overflow.G, overflow}
	case cause != nil:
		return 1 // interrupted, as its parent's cell has said
	}
	switch ended.value.(type) {
	case nil, engine.Goexit:
		return 0
	}
	self := mpruntime.CurrentProcess()
	fmt.Fprintf(e.stderr, "%s (pid %d):\n", self.Name, self.PID())
	for _, line := range e.traceback(ended.value, ended.g) {
		fmt.Fprintln(e.stderr, line)
	}
	return 1
}

// restore declares what a bundle brings and returns the target and its
// arguments.
func (e *evaluator) restore(data []byte) (f reflect.Value, args []reflect.Value, count int, err error) {
	var b bundle
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&b); err != nil {
		return f, nil, 0, fmt.Errorf("reading what the parent sent: %w", err)
	}
	for _, p := range b.Programs {
		if err := e.engine.Declare(p); err != nil {
			return f, nil, 0, fmt.Errorf("declaring In [%d]: %w", p.Count, err)
		}
		e.remember(p, true)
	}
	variables := e.engine.Variables()
	f, ok := variables[b.Function]
	if !ok || f.Kind() != reflect.Func || f.IsNil() {
		return f, nil, 0, errors.New("the target is not declared here")
	}
	dec, err := mpruntime.NewDecoder(b.Values)
	if err != nil {
		return f, nil, 0, err
	}
	if err := restoreVariables(dec, variables, b.Variables); err != nil {
		return f, nil, 0, err
	}
	if b.Literal {
		captures, err := decodeArguments(dec, f.Type(), b.Captures)
		if err != nil {
			return f, nil, 0, fmt.Errorf("restoring captured variables: %w", err)
		}
		f = f.Call(captures)[0]
	}
	args, err = decodeArguments(dec, f.Type(), b.Arguments)
	if err != nil {
		return f, nil, 0, fmt.Errorf("restoring arguments: %w", err)
	}
	return f, args, b.Cell, nil
}

func restoreVariables(dec *mpruntime.Decoder, variables map[string]reflect.Value, names []string) error {
	for _, name := range names {
		if !variables[name].IsValid() {
			return errors.New("restoring the global variables: one is not declared here")
		}
		dec.Variable(variables[name])
	}
	for _, name := range names {
		if err := dec.Decode(variables[name]); err != nil {
			return fmt.Errorf("restoring the global variables: %w", err)
		}
	}
	return nil
}

// param returns the type of a function's i-th argument.
func param(t reflect.Type, i int) reflect.Type {
	if t.IsVariadic() && i >= t.NumIn()-1 {
		return t.In(t.NumIn() - 1).Elem()
	}
	return t.In(i)
}

func decodeArguments(dec *mpruntime.Decoder, t reflect.Type, n int) ([]reflect.Value, error) {
	args := make([]reflect.Value, n)
	for i := range args {
		args[i] = reflect.New(param(t, i)).Elem()
		if err := dec.Decode(args[i]); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return args, nil
}

// Cell implements mpruntime.Host.
func (e *evaluator) Cell() mpruntime.Cell {
	if g := engine.Current(); g != nil {
		return mpCell{g.Cell}
	}
	return processCell{e}
}

// Command implements mpruntime.Host.
func (e *evaluator) Command() (mpruntime.Command, error) { return e.command, nil }

// An mpCell is a cell as mpruntime sees it.
type mpCell struct{ *engine.Cell }

func (c mpCell) Stdout() io.Writer { return cellWriter{c.Cell, false} }
func (c mpCell) Stderr() io.Writer { return cellWriter{c.Cell, true} }
func (c mpCell) Fail(err error)    { panic(err) }

type cellWriter struct {
	c      *engine.Cell
	stderr bool
}

func (w cellWriter) Write(p []byte) (int, error) {
	if w.stderr {
		w.c.Out.Stderr(p)
	} else {
		w.c.Out.Stdout(p)
	}
	return len(p), nil
}

// A processCell stands for goroutines that belong to no cell.
type processCell struct{ e *evaluator }

func (c processCell) Stdout() io.Writer        { return c.e.stdout }
func (c processCell) Stderr() io.Writer        { return c.e.stderr }
func (c processCell) Context() context.Context { return context.Background() }
func (c processCell) Fail(err error)           { panic(err) }
