package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"cuaderno/internal/codec"
)

// A ServiceHost is a [Host] with a say in how workers of a pool and servers of
// managers run code of the user. Without one, functions are called as they are
// and travel as any value does.
type ServiceHost interface {
	Host

	// Call runs f, which calls functions of the user, on a goroutine of its own as
	// Run runs a target. It returns when f has ended: nil if it returned, a
	// [*PanicError] if it panicked, an [*ExitError] after os.Exit. When ctx ends, f
	// is stopped as by an interrupt, and the result is the context's cause.
	Call(ctx context.Context, f func()) error

	// Pack makes a message of a value, a function as a rule, with whatever it needs
	// in a process that knows nothing, as Bundle does.
	Pack(v any, path string) (codec.Message, error)
	// Unpack returns the value that another process has packed. Global variables
	// which this process has been given before keep what they have now.
	Unpack(m codec.Message) (any, error)

	// Guard returns a function that runs f, which calls functions of the user, as a
	// goroutine of the calling one's cell: a panic is one of that cell.
	Guard(f func()) func()
}

// A PanicError is a panic in a task.
type PanicError struct {
	// Text says what the panic was about, Traceback where it was, in lines.
	Text, Traceback string
	// Err is what the panic was called with, if that is an error.
	Err error
}

func (e *PanicError) Error() string { return "panic: " + e.Text }

// Unwrap returns what the panic was called with, if that is an error.
func (e *PanicError) Unwrap() error { return e.Err }

// An ExitError is the end of a task by os.Exit.
type ExitError struct{ Code int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit status %d", e.Code) }

// guarded returns f as [ServiceHost.Guard] does.
func guarded(f func()) func() {
	if host, ok := here.getHost().(ServiceHost); ok {
		return host.Guard(f)
	}
	return f
}

// callUser runs f as [ServiceHost.Call] does.
func callUser(ctx context.Context, f func()) error {
	if host, ok := here.getHost().(ServiceHost); ok {
		return host.Call(ctx, f)
	}
	ended := make(chan error, 1)
	go func() {
		returned := false
		defer func() {
			if v := recover(); v != nil {
				ended <- newPanicError(v, ownFrames(debug.Stack()))
			} else if !returned {
				ended <- &PanicError{Text: "runtime.Goexit was called"}
			}
		}()
		f()
		returned = true
		ended <- nil
	}()
	return <-ended // compiled code cannot be stopped: whoever waits ends the process
}

func newPanicError(v any, traceback string) *PanicError {
	e := &PanicError{Traceback: traceback}
	switch v := v.(type) {
	case error:
		e.Err, e.Text = v, v.Error()
	default:
		e.Text = fmt.Sprint(v)
	}
	return e
}

// ownFrames cuts from a stack what lies above the panic.
func ownFrames(stack []byte) string {
	_, below, found := strings.Cut(string(stack), "\npanic(")
	if !found {
		return string(stack)
	}
	_, below, _ = strings.Cut(below, "\n") // arguments of panic
	_, below, _ = strings.Cut(below, "\n") // and its line
	return below
}

// pack makes a message of a value for [unpack] in another process.
func pack(v any, path string) (codec.Message, error) {
	if host, ok := here.getHost().(ServiceHost); ok {
		return host.Pack(v, path)
	}
	return encodeMessage(v, path)
}

func unpack(m codec.Message) (any, error) {
	if host, ok := here.getHost().(ServiceHost); ok {
		return host.Unpack(m)
	}
	return decodeMessage(m)
}

// signature says how a task function is called.
type signature struct {
	function reflect.Type
	// result is the type of what it returns beside an error: struct{} for nothing,
	// []any for several values.
	result reflect.Type
	values int  // results that are not the error
	fails  bool // the last result is an error
}

func signatureOf(t reflect.Type) signature {
	s := signature{function: t, values: t.NumOut()}
	if n := t.NumOut(); n > 0 && t.Out(n-1) == reflect.TypeFor[error]() {
		s.fails = true
		s.values--
	}
	switch s.values {
	case 0:
		s.result = reflect.TypeFor[struct{}]()
	case 1:
		s.result = t.Out(0)
	default:
		s.result = reflect.TypeFor[[]any]()
	}
	return s
}

// takes reports why the function cannot be called with n arguments.
func (s signature) takes(n int) error {
	want := s.function.NumIn()
	if s.function.IsVariadic() {
		if n >= want-1 {
			return nil
		}
		return fmt.Errorf("wrong number of arguments: have %d, want %d or more", n, want-1)
	}
	if n != want {
		return fmt.Errorf("wrong number of arguments: have %d, want %d", n, want)
	}
	return nil
}

// parameter returns the type of the i-th argument.
func (s signature) parameter(i int) reflect.Type {
	if last := s.function.NumIn() - 1; s.function.IsVariadic() && i >= last {
		return s.function.In(last).Elem()
	}
	return s.function.In(i)
}

// call calls f and returns its result as one value.
func (s signature) call(f reflect.Value, args []reflect.Value) (reflect.Value, error) {
	out := f.Call(args)
	if s.fails {
		if err, _ := out[s.values].Interface().(error); err != nil {
			return reflect.Value{}, err
		}
	}
	switch s.values {
	case 0:
		return reflect.ValueOf(struct{}{}), nil
	case 1:
		return out[0], nil
	}
	several := make([]any, s.values)
	for i := range several {
		several[i] = out[i].Interface()
	}
	return reflect.ValueOf(several), nil
}

// value turns what a call has returned into what the user gets: nil for nothing.
func (s signature) value(v reflect.Value) any {
	if s.values == 0 {
		return nil
	}
	return v.Interface()
}

// argument converts x to a parameter's type, where no value is lost.
func argument(x reflect.Value, t reflect.Type) (reflect.Value, error) {
	if x.IsValid() && x.Kind() == reflect.Interface {
		x = x.Elem()
	}
	v := reflect.New(t).Elem()
	switch {
	case !x.IsValid():
		if mayBeNil(t.Kind()) {
			return v, nil
		}
		return v, errorf("it is nil, and %s is wanted", t)
	case x.Type().AssignableTo(t):
		v.Set(x)
		return v, nil
	case isNumber(x.Kind()) && isNumber(t.Kind()):
		if c, exact := convertNumber(x, t); exact {
			return c, nil
		}
		return v, errorf("%v is no %s", x, t)
	}
	return v, errorf("it is of type %s, and %s is wanted", x.Type(), t)
}
