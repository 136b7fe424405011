package interp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/mpruntime"
)

// This file implements mpruntime.Host: how what a cell gives to mp.NewProcess
// gets into a bundle, and out of it in the child.

var _ mpruntime.Host = (*evaluator)(nil)

// A call is a described target with its arguments and the signature that takes
// them.
type call struct {
	function compiled.Function
	// recv is the value whose method Run is the target, if one was given.
	recv reflect.Value
	args []any
	sig  reflect.Type
}

// method is what is called of a value that is given as a target, as in CPython's
// Process.
const method = "Run"

// Describe implements mpruntime.Host.
func (e *evaluator) Describe(target any, args []any) (mpruntime.Target, error) {
	v := reflect.ValueOf(target)
	if !v.IsValid() {
		return mpruntime.Target{}, errors.New("the target is nil: give a function, or a value with Run()")
	}
	c := call{args: args}
	var name string
	if v.Kind() == reflect.Func {
		if v.IsNil() {
			return mpruntime.Target{}, errors.New("the target is a nil function")
		}
		f, err := e.engine.Function(v)
		if err != nil {
			return mpruntime.Target{}, fmt.Errorf("the target cannot be named to another process: %w", err)
		}
		c.function, c.sig, name = f, v.Type(), f.Name
		if f.Literal {
			name = "function literal"
		}
	} else {
		m := v.MethodByName(method)
		if !m.IsValid() || m.Type().NumIn() > 0 {
			return mpruntime.Target{}, fmt.Errorf("%s is no target: give a function, or a value with Run()", typeName(v.Type()))
		}
		if _, ok := e.engine.TypeName(base(v.Type())); !ok {
			return mpruntime.Target{}, fmt.Errorf("the type of the target, %s, cannot be named to another process", typeName(v.Type()))
		}
		c.recv, c.sig, name = v, m.Type(), receiverName(v.Type())+"."+method
	}
	if n := c.sig.NumIn(); len(args) < n && !(c.sig.IsVariadic() && len(args) == n-1) || len(args) > n && !c.sig.IsVariadic() {
		return mpruntime.Target{}, fmt.Errorf("wrong number of arguments for %s: have %d, want %d", name, len(args), n)
	}
	for i, arg := range args {
		if err := fits(reflect.ValueOf(arg), param(c.sig, i)); err != nil {
			return mpruntime.Target{}, fmt.Errorf("argument %d of %s: %w", i+1, name, err)
		}
	}
	return mpruntime.Target{Name: name, Value: c}, nil
}

// fits refuses what cannot become an argument of type t, where the types of the
// cell have not done so already: arguments in a []any. Whether a number loses
// something, and which of the types with one name is meant, shows in the child.
func fits(x reflect.Value, t reflect.Type) error {
	switch {
	case !x.IsValid():
		switch t.Kind() {
		case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
			return nil
		}
		return fmt.Errorf("it is nil, and %s is wanted", typeName(t))
	case x.Type().AssignableTo(t), x.Type().ConvertibleTo(t) && x.Kind() == t.Kind(), typeName(x.Type()) == typeName(t), isNumeric(x.Kind()) && isNumeric(t.Kind()):
		return nil
	}
	return fmt.Errorf("it is of type %s, and %s is wanted", typeName(x.Type()), typeName(t))
}

func isNumeric(k reflect.Kind) bool { return reflect.Int <= k && k <= reflect.Complex128 }

func base(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// receiverName is T or (*T).
func receiverName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return "(*" + t.Elem().Name() + ")"
	}
	return t.Name()
}

// Run implements mpruntime.Host, in a child.
func (e *evaluator) Run(ctx context.Context, bundle codec.Message) (exitCode int) {
	f, args, count, err := e.restore(bundle)
	if err != nil {
		fmt.Fprintln(e.stderr, "mp:", err)
		return 1
	}
	ended := make(chan end, 1)
	c := engine.NewCell(count, processOutput{e.stdout, e.stderr}, func(g *engine.Goroutine, value any) {
		ended <- end{g, value}
	})
	c.Pauses = e.engine.Pauses()
	var text string
	var failed bool
	c.Run(e.engine.Watched(func() { text, failed = mpruntime.ReturnedError(f.Call(args)) }), func(g *engine.Goroutine, value any) { ended <- end{g, value} })
	select {
	case how := <-ended:
		c.Settle(how.value)
		code := e.exitCode(c, how)
		if code == 0 && failed && how.value == nil && c.Cause() == nil {
			self := mpruntime.CurrentProcess()
			fmt.Fprintf(e.stderr, "%s (pid %d): %s\n", self.Name, self.PID(), text)
			return 1
		}
		return code
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
		ended = end{nil, overflow}
	case cause != nil:
		if lines := e.fatal(cause); lines != nil {
			e.complain(lines)
		}
		return 1 // or interrupted, as its parent's cell has said
	}
	switch ended.value.(type) {
	case nil, engine.Goexit:
		return 0
	}
	e.complain(e.traceback(ended.value, ended.g))
	return 1
}

// complain writes how a child fails to its stderr.
func (e *evaluator) complain(lines []string) {
	self := mpruntime.CurrentProcess()
	fmt.Fprintf(e.stderr, "%s (pid %d):\n", self.Name, self.PID())
	for _, line := range lines {
		fmt.Fprintln(e.stderr, line)
	}
}

// Cell implements mpruntime.Host.
func (e *evaluator) Cell() mpruntime.Cell {
	if g := engine.Current(); g != nil {
		return mpCell{g.Cell}
	}
	return processCell{e}
}

// Goroutine implements mpruntime.Host.
func (e *evaluator) Goroutine() uintptr {
	if g := engine.Current(); g != nil && g.Statements && g.Here() {
		return engine.StatementsGoroutine
	}
	return 0
}

// Domain implements mpruntime.Host.
func (e *evaluator) Domain() *codec.Domain { return e.domain }

// Command implements mpruntime.Host.
func (e *evaluator) Command() (mpruntime.Command, error) { return e.command, nil }

// An mpCell is a cell as mpruntime sees it.
type mpCell struct{ *engine.Cell }

func (c mpCell) Stdout() io.Writer { return cellWriter{c.Cell, false} }

func (c mpCell) Stderr() io.Writer { return cellWriter{c.Cell, true} }

func (c mpCell) Fail(err error) { panic(err) }

func (c mpCell) Note(err error) { c.Unseen(err) }

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

func (c processCell) Stdout() io.Writer { return c.e.stdout }

func (c processCell) Stderr() io.Writer { return c.e.stderr }

func (c processCell) Context() context.Context { return context.Background() }

func (c processCell) Fail(err error) { panic(err) }

func (c processCell) Note(err error) { fmt.Fprintln(c.e.stderr, err) }
