package interp

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"cuaderno/internal/codec"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/mpruntime"
)

// A bundle is what a child needs to call a target. It is the head of a message in
// which sharing is kept: the values of Variables, the target's captured ones or its
// receiver, and the arguments.
type bundle struct {
	// Units are the cells to declare.
	Units []int
	// Function is the name of the target. If there is a Method it is that of the
	// first value instead, of the type that has the name Receiver.
	Function, Method, Receiver string

	Variables []compiled.Variable
	Arguments int
	Cell      int // that called Start
}

// Bundle implements mpruntime.Host.
func (e *evaluator) Bundle(t mpruntime.Target) (message codec.Message, err error) {
	e.engine.Paused(func() { message, err = e.bundle(t) })
	return message, err
}

func (e *evaluator) bundle(t mpruntime.Target) (message codec.Message, err error) {
	c := t.Value.(call)
	reach := e.engine.NewReach()
	b := bundle{Arguments: len(c.args)}
	if c.recv.IsValid() {
		reach.Type(c.recv.Type())
		b.Method = method
		b.Receiver, _ = e.engine.TypeName(base(c.recv.Type()))
		if c.recv.Kind() == reflect.Pointer {
			b.Receiver = "*" + b.Receiver
		}
	} else {
		reach.Function(c.function)
		b.Function = ownName(c.function)
	}
	if g := engine.Current(); g != nil {
		b.Cell = g.Cell.Count
	}
	// Values bring types and functions, which may reach more variables.
	domain := domain(reachedSymbols{e.linker, reach})
	for {
		b.Variables = reach.Variables()
		message.Close()
		if message, err = e.encode(domain, b.Variables, c, t.Name); err != nil {
			return codec.Message{}, err
		}
		if len(reach.Variables()) == len(b.Variables) {
			break
		}
	}
	b.Units = reach.Units()
	e.engine.Pin(b.Units...)
	return withHead(b, message)
}

// reachedSymbols names types and functions, and adds those that are named to a
// Reach: what they need travels beside the values.
type reachedSymbols struct {
	*linker
	reach *compiled.Reach
}

func (r reachedSymbols) TypeName(t reflect.Type) (string, bool) {
	name, ok := r.linker.TypeName(t)
	if ok {
		r.reach.Type(t)
	}
	return name, ok
}

func (r reachedSymbols) FunctionName(v reflect.Value) (string, []reflect.Value, error) {
	f, err := r.engine.Function(v)
	if err != nil {
		return "", nil, err
	}
	r.reach.Function(f)
	return ownName(f), f.Captures, nil
}

// encode writes the message of a bundle's values.
func (e *evaluator) encode(domain *codec.Domain, names []compiled.Variable, c call, label string) (_ codec.Message, err error) {
	enc := codec.NewEncoder(domain)
	defer func() {
		if err != nil {
			enc.Close()
		}
	}()
	if err := e.encodeVariables(enc, names); err != nil {
		return codec.Message{}, err
	}
	for i, capture := range c.function.Captures {
		path := "captured variable " + c.function.Captured[i]
		if strings.HasSuffix(label, "."+method) || !c.function.Literal {
			path = "the value " + label
		}
		if err := enc.Encode(capture, path); err != nil {
			return codec.Message{}, err
		}
	}
	if c.recv.IsValid() {
		if err := enc.Encode(c.recv, "the target "+receiverName(c.recv.Type())); err != nil {
			return codec.Message{}, err
		}
	}
	for i, arg := range c.args {
		v := reflect.ValueOf(arg)
		if t := param(c.sig, i); t.Kind() == reflect.Interface {
			v = reflect.New(t).Elem() // its dynamic type goes along
			if arg != nil && reflect.TypeOf(arg).AssignableTo(t) {
				v.Set(reflect.ValueOf(arg))
			}
		} else if v.IsValid() && v.Type() != t && v.CanConvert(t) {
			v = v.Convert(t)
		} else if !v.IsValid() {
			v = reflect.Zero(t)
		}
		if err := enc.Encode(v, fmt.Sprintf("argument %d", i+1)); err != nil {
			return codec.Message{}, err
		}
	}
	return enc.Message(), nil
}

// restore loads what a bundle brings and returns the target and its arguments.
func (e *evaluator) restore(m codec.Message) (f reflect.Value, args []reflect.Value, count int, err error) {
	var b bundle
	values, err := takeHead(m, &b)
	if err == nil {
		err = e.declare(b.Units...)
	}
	if err != nil {
		m.Close()
		return f, nil, 0, err
	}
	dec, err := codec.NewDecoder(values, e.domain)
	if err != nil {
		return f, nil, 0, err
	}
	defer dec.Close()
	if err := e.restoreVariables(dec, b.Variables); err != nil {
		return f, nil, 0, err
	}
	if b.Method != "" {
		f, err = e.restoreMethod(dec, b)
	} else {
		f, err = e.restoreFunction(dec, b)
	}
	if err != nil {
		return f, nil, 0, err
	}
	args, err = decodeArguments(dec, f.Type(), b.Arguments)
	if err != nil {
		return f, nil, 0, fmt.Errorf("restoring arguments: %w", err)
	}
	return f, args, b.Cell, nil
}

// encodeVariables appends session variables. Pointers to them in what follows stay
// pointers to them.
func (e *evaluator) encodeVariables(enc *codec.Encoder, names []compiled.Variable) error {
	variables := make([]reflect.Value, len(names))
	for i, name := range names {
		v, err := e.engine.Variable(name)
		if err != nil {
			return err
		}
		variables[i] = v
		enc.Variable(v)
	}
	for i, name := range names {
		if err := enc.Encode(variables[i], "global variable "+name.Name); err != nil {
			return err
		}
	}
	return nil
}

// restoreVariables gives session variables the values that they had in another
// process, those excepted that this process has met before.
func (e *evaluator) restoreVariables(dec *codec.Decoder, names []compiled.Variable) error {
	values := make([]reflect.Value, len(names))
	for i, name := range names {
		t, err := e.engine.VariableType(name)
		if err != nil {
			return err
		}
		values[i] = reflect.New(t)
		if err := e.engine.Adopt(name, values[i]); err != nil {
			return err
		}
		v, err := e.engine.Variable(name)
		if err != nil {
			return err
		}
		dec.Variable(v)
	}
	for i := range names {
		if err := dec.Decode(values[i].Elem()); err != nil {
			return fmt.Errorf("restoring global variable %s: %w", names[i].Name, err)
		}
	}
	return nil
}

func (e *evaluator) restoreFunction(dec *codec.Decoder, b bundle) (reflect.Value, error) {
	types, err := e.linker.Captures(b.Function)
	if err != nil {
		return reflect.Value{}, err
	}
	captures := make([]reflect.Value, len(types))
	for i, t := range types {
		captures[i] = reflect.New(t).Elem()
		if err := dec.Decode(captures[i]); err != nil {
			return reflect.Value{}, fmt.Errorf("restoring captured variables: %w", err)
		}
	}
	return e.linker.FunctionNamed(b.Function, captures)
}

func (e *evaluator) restoreMethod(dec *codec.Decoder, b bundle) (reflect.Value, error) {
	name, isPointer := strings.CutPrefix(b.Receiver, "*")
	t := e.linker.TypeNamed(name)
	if t == nil {
		return reflect.Value{}, errors.New("the target's type is not declared here")
	}
	if isPointer {
		t = reflect.PointerTo(t)
	}
	recv := reflect.New(t).Elem()
	if err := dec.Decode(recv); err != nil {
		return reflect.Value{}, fmt.Errorf("restoring the target: %w", err)
	}
	return recv.MethodByName(b.Method), nil
}

// param returns the type of a function's i-th argument.
func param(t reflect.Type, i int) reflect.Type {
	if t.IsVariadic() && i >= t.NumIn()-1 {
		return t.In(t.NumIn() - 1).Elem()
	}
	return t.In(i)
}

func decodeArguments(dec *codec.Decoder, t reflect.Type, n int) ([]reflect.Value, error) {
	args := make([]reflect.Value, n)
	for i := range args {
		args[i] = reflect.New(param(t, i)).Elem()
		if err := dec.Decode(args[i]); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return args, nil
}
