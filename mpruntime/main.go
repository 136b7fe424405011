package mpruntime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/spawn"
)

// childArgument is the first argument of a program that [Main] has started again.
// Those of its parent follow, from the zeroth on.
const childArgument = "mpruntime-child"

// interruptGrace is the time that an interrupted child has to end by itself.
const interruptGrace = 2 * time.Second

// ErrInterrupted is what blocking calls of a compiled program return after an
// interrupt (SIGINT).
var ErrInterrupted = errors.New("mp: interrupted")

// Main makes a compiled program one whose functions can run in other processes.
// It is what main does, and all that main does:
//
//	func main() { os.Exit(mpruntime.Main(run)) }
//
// Main calls run in a process of its own name, MainProcess, ends what run has
// started as [Shutdown] does, and returns run's exit code. To make another
// process Main starts the program again: there Main calls the target in place of
// run, and returns the code that the process is to end with. What package
// variables hold and init functions do is done in each process anew, as with
// CPython's start method spawn; nothing but the arguments is copied.
//
// A target is a function or literal that has captured no variable, or a value
// with a method Run(). Values of any type of the program travel, with their
// unexported fields.
//
// The first interrupt (SIGINT) ends blocking calls with [ErrInterrupted] and
// reaches the children; a second one ends the program.
func Main(run func() int) (exitCode int) {
	if len(os.Args) > 2 && os.Args[1] == childArgument {
		os.Args = os.Args[2:]
		return childMain()
	}
	host := newProgramHost(nil)
	if err := Install(host); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	Prepare()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-signals:
			signal.Stop(signals)
			host.interrupt(ErrInterrupted)
			Interrupt(host.cell)
		case <-ended:
			signal.Stop(signals)
		}
	}()
	exitCode = run()
	close(ended)
	<-watched
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	Shutdown(ctx)
	return exitCode
}

// childMain is Main in a program that was started again.
func childMain() (exitCode int) {
	control, lifeline, err := spawn.Inherited()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mp:", err)
		return 2
	}
	spawn.Watch(lifeline, spawn.KillGroup)
	// A process that waits for its work is not interrupted.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	return ServeChild(context.Background(), control, newProgramHost(lifeline))
}

// A programHost is the Host of a compiled program.
type programHost struct {
	lifeline  *os.File
	domain    *codec.Domain
	cell      *programCell
	interrupt context.CancelCauseFunc // of the cell
}

func newProgramHost(lifeline *os.File) *programHost {
	ctx, interrupt := context.WithCancelCause(context.Background())
	h := &programHost{lifeline: lifeline, domain: NewDomain(&image{}), cell: &programCell{ctx}, interrupt: interrupt}
	h.domain.Own = ownPackages()
	return h
}

// ownPackages returns what tells the packages of a program from those of the
// standard library.
func ownPackages() func(path string) bool {
	module := "main"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path != "" {
		module = info.Main.Path
	}
	here := reflect.TypeFor[Process]().PkgPath()
	return func(path string) bool {
		first, _, _ := strings.Cut(path, "/")
		return path == "main" || path == here || path == module || strings.HasPrefix(path, module+"/") || strings.Contains(first, ".")
	}
}

// method returns the method Run of a target that is a value.
func method(target any) (run reflect.Value, ok bool) {
	switch target := target.(type) {
	case interface{ Run() }:
		return reflect.ValueOf(target.Run), true
	case interface{ Run() error }:
		return reflect.ValueOf(target.Run), true
	}
	return run, false
}

// programCall is a described target.
type programCall struct {
	function string // its name for the image, "" for a value
	value    any
	args     []reflect.Value
}

// Describe implements Host.
func (h *programHost) Describe(target any, args []any) (Target, error) {
	v := reflect.ValueOf(target)
	if !v.IsValid() {
		return Target{}, errors.New("the target is nil: give a function, or a value with Run()")
	}
	var (
		call      programCall
		name      string
		signature = reflect.TypeFor[func()]()
		err       error
	)
	if v.Kind() == reflect.Func {
		if v.IsNil() {
			return Target{}, errors.New("the target is a nil function")
		}
		name, signature = codeName(v.Pointer()), v.Type()
		if call.function, _, err = h.domain.Symbols.FunctionName(v); err != nil {
			return Target{}, errorf("the target %s cannot be named to another process: %w", name, err)
		}
	} else if _, ok := method(target); ok {
		name, call.value = "("+typeName(target)+").Run", target
	} else {
		return Target{}, fmt.Errorf("%s is no target: give a function, or a value with Run()", typeName(target))
	}
	if call.args, err = arguments(name, signature, args); err != nil {
		return Target{}, err
	}
	return Target{Name: name, Value: call}, nil
}

// arguments converts arguments to the parameters of a signature, those of a
// variadic parameter one by one.
func arguments(name string, signature reflect.Type, args []any) ([]reflect.Value, error) {
	n := signature.NumIn()
	if len(args) < n && !(signature.IsVariadic() && len(args) == n-1) || len(args) > n && !signature.IsVariadic() {
		return nil, fmt.Errorf("wrong number of arguments for %s: have %d, want %d", name, len(args), n)
	}
	values := make([]reflect.Value, len(args))
	for i, arg := range args {
		var err error
		if values[i], err = argument(reflect.ValueOf(arg), parameter(signature, i)); err != nil {
			return nil, errorf("argument %d of %s: %w", i+1, name, err)
		}
	}
	return values, nil
}

// parameter returns the type of the i-th argument of a function.
func parameter(signature reflect.Type, i int) reflect.Type {
	if last := signature.NumIn() - 1; signature.IsVariadic() && i >= last {
		return signature.In(last).Elem()
	}
	return signature.In(i)
}

// Bundle implements Host: the name of a function, or no name and a value, then the
// number of the arguments, and they.
func (h *programHost) Bundle(t Target) (_ codec.Message, err error) {
	call := t.Value.(programCall)
	e := codec.NewEncoder(h.domain)
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	if call.function != "" {
		e.Text(call.function)
	} else {
		e.Text("")
		if err := e.Encode(reflect.ValueOf(&call.value).Elem(), "the target"); err != nil {
			return codec.Message{}, err
		}
	}
	e.Uvarint(uint64(len(call.args)))
	for i, arg := range call.args {
		if err := e.Encode(arg, fmt.Sprintf("argument %d", i+1)); err != nil {
			return codec.Message{}, err
		}
	}
	return e.Message(), nil
}

// restore is the reverse of Bundle.
func (h *programHost) restore(bundle codec.Message) (f reflect.Value, args []reflect.Value, err error) {
	d, err := codec.NewDecoder(bundle, h.domain)
	if err != nil {
		return f, nil, err
	}
	defer d.Close()
	if f, err = h.restoreTarget(d); err != nil {
		return f, nil, errorf("restoring the target: %w", err)
	}
	n, err := d.Int()
	if err != nil {
		return f, nil, err
	}
	if in := f.Type().NumIn(); n != in && !(f.Type().IsVariadic() && n >= in-1) {
		return f, nil, fmt.Errorf("restoring the arguments: there are %d", n)
	}
	for i := range n {
		arg := reflect.New(parameter(f.Type(), i)).Elem()
		if err := d.Decode(arg); err != nil {
			return f, nil, errorf("restoring argument %d: %w", i+1, err)
		}
		args = append(args, arg)
	}
	return f, args, nil
}

func (h *programHost) restoreTarget(d *codec.Decoder) (f reflect.Value, err error) {
	name, err := d.Text()
	if err != nil {
		return f, err
	}
	if name != "" {
		return h.domain.Symbols.FunctionNamed(name, nil)
	}
	var value any
	if err := d.Decode(reflect.ValueOf(&value).Elem()); err != nil {
		return f, err
	}
	f, ok := method(value)
	if !ok {
		return f, fmt.Errorf("%s has no method Run", typeName(value))
	}
	return f, nil
}

// Run implements Host.
func (h *programHost) Run(ctx context.Context, bundle codec.Message) (exitCode int) {
	f, args, err := h.restore(bundle)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mp:", err)
		return 1
	}
	ended := make(chan int, 1)
	go func() {
		code := 0 // also of runtime.Goexit
		defer func() { ended <- code }()
		defer func() {
			if v := recover(); v != nil {
				code = 1
				complain(v, debug.Stack())
			}
		}()
		if text, failed := ReturnedError(f.Call(args)); failed {
			self := CurrentProcess()
			fmt.Fprintf(os.Stderr, "%s (pid %d): %s\n", self.Name, self.PID(), text)
			code = 1
		}
	}()
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	h.interrupt(ErrInterrupted)
	Interrupt(h.cell)
	timer := time.NewTimer(interruptGrace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
	return 1
}

// complain writes how a target fails, as the runtime does.
func complain(value any, stack []byte) {
	self := CurrentProcess()
	fmt.Fprintf(os.Stderr, "%s (pid %d):\npanic: %v\n\n%s", self.Name, self.PID(), value, targetStack(stack))
}

// targetStack cuts a stack down to what lies between the panic and the call of
// the target.
func targetStack(stack []byte) []byte {
	header, rest, _ := bytes.Cut(stack, []byte("\n"))
	if _, below, found := bytes.Cut(rest, []byte("\npanic(")); found {
		_, below, _ = bytes.Cut(below, []byte("\n")) // its arguments
		_, rest, _ = bytes.Cut(below, []byte("\n"))  // and its line
	}
	if i := bytes.LastIndex(rest, []byte("\nreflect.Value.call(")); i >= 0 {
		rest = rest[:i+1]
	}
	return slices.Concat(header, []byte("\n"), rest)
}

// Domain implements Host.
func (h *programHost) Domain() *codec.Domain { return h.domain }

// Cell implements Host: the program is one.
func (h *programHost) Cell() Cell { return h.cell }

// Goroutine implements Host: all are told apart.
func (h *programHost) Goroutine() uintptr { return 0 }

// Command implements Host.
func (h *programHost) Command() (Command, error) {
	path, err := program()
	if err != nil {
		return Command{}, errorf("finding the own program: %w", err)
	}
	return Command{Path: path, Args: slices.Concat([]string{childArgument}, os.Args), Lifeline: h.lifeline}, nil
}

// A programCell is a whole process.
type programCell struct{ ctx context.Context }

func (*programCell) Stdout() io.Writer          { return os.Stdout }
func (*programCell) Stderr() io.Writer          { return os.Stderr }
func (c *programCell) Context() context.Context { return c.ctx }
func (*programCell) Fail(err error)             { panic(err) }
func (*programCell) Note(err error)             { fmt.Fprintln(os.Stderr, err) }
