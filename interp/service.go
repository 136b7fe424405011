package interp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/mpruntime"
)

// This file implements mpruntime.ServiceHost: functions of the notebook in
// processes that serve many.

var _ mpruntime.ServiceHost = (*evaluator)(nil)

// A pack is a value with what it needs in a process that knows nothing. It is laid
// out as a bundle is: the values of Variables come first, then the value.
type pack struct {
	Units     []int
	Variables []compiled.Variable
}

// Pack implements mpruntime.ServiceHost.
func (e *evaluator) Pack(v any, path string) (message codec.Message, err error) {
	e.engine.Paused(func() { message, err = e.pack(v, path) })
	return message, err
}

func (e *evaluator) pack(v any, path string) (message codec.Message, err error) {
	if f := reflect.ValueOf(v); f.Kind() == reflect.Func && !f.IsNil() {
		// Its name brings all that it reaches, and its type. No head stands for an
		// empty one.
		enc := codec.NewEncoder(e.domain)
		if err := enc.Function(f, path); err != nil {
			enc.Close()
			return codec.Message{}, err
		}
		message = enc.Message()
		message.Bytes = append(make([]byte, 4, 4+len(message.Bytes)), message.Bytes...)
		return message, nil
	}
	reach := e.engine.NewReach()
	domain := domain(reachedSymbols{e.linker, reach})
	var p pack
	for {
		p.Variables = reach.Variables()
		enc := codec.NewEncoder(domain)
		if err = e.encodeVariables(enc, p.Variables); err == nil {
			err = enc.Encode(reflect.ValueOf(&v).Elem(), path)
		}
		if err != nil {
			enc.Close()
			return codec.Message{}, err
		}
		if len(reach.Variables()) == len(p.Variables) {
			message = enc.Message()
			break
		}
		enc.Close()
	}
	p.Units = reach.Units()
	return withHead(p, message)
}

// Unpack implements mpruntime.ServiceHost.
func (e *evaluator) Unpack(m codec.Message) (v any, err error) {
	var p pack
	if len(m.Bytes) > 4 && binary.LittleEndian.Uint32(m.Bytes) == 0 {
		m.Bytes = m.Bytes[4:]
		dec, err := codec.NewDecoder(m, e.domain)
		if err != nil {
			return nil, err
		}
		defer dec.Close()
		f, err := dec.Function()
		if err != nil {
			return nil, err
		}
		return f.Interface(), nil
	}
	values, err := takeHead(m, &p)
	if err != nil {
		m.Close()
		return nil, err
	}
	dec, err := codec.NewDecoder(values, e.domain)
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	if err := e.declare(p.Units...); err != nil {
		return nil, err
	}
	if err := e.restoreVariables(dec, p.Variables); err != nil {
		return nil, err
	}
	err = dec.Decode(reflect.ValueOf(&v).Elem())
	return v, err
}

// withHead puts what a message needs in front of it: the length of the head, 4
// bytes, little-endian, and the head as a message of its own.
func withHead(head any, m codec.Message) (codec.Message, error) {
	h, err := codec.Encode(reflect.ValueOf(head), "the declarations", nil)
	if err != nil {
		m.Close()
		return codec.Message{}, fmt.Errorf("packing the declarations: %w", err)
	}
	data := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(h.Bytes)+len(m.Bytes)), uint32(len(h.Bytes)))
	m.Bytes = append(append(data, h.Bytes...), m.Bytes...)
	return m, nil
}

// takeHead reads the head of a message into what head points to and returns the
// rest.
func takeHead(m codec.Message, head any) (codec.Message, error) {
	if len(m.Bytes) < 4 || uint64(len(m.Bytes)-4) < uint64(binary.LittleEndian.Uint32(m.Bytes)) {
		return m, errors.New("reading what another process has sent: it is cut short")
	}
	end := 4 + int(binary.LittleEndian.Uint32(m.Bytes))
	if err := codec.DecodeInto(codec.Message{Bytes: m.Bytes[4:end]}, reflect.ValueOf(head).Elem(), nil); err != nil {
		return m, fmt.Errorf("reading what another process has sent: %w", err)
	}
	m.Bytes = m.Bytes[end:]
	return m, nil
}

// Guard implements mpruntime.ServiceHost.
func (e *evaluator) Guard(f func()) func() { return e.engine.Guarded(f) }

// Call implements mpruntime.ServiceHost.
func (e *evaluator) Call(ctx context.Context, f func()) error {
	ended := make(chan end, 1)
	atEnd := func(g *engine.Goroutine, value any) { ended <- end{g, value} }
	failed := make(chan end, 1) // a goroutine that f has started
	c := engine.NewCell(0, processOutput{e.stdout, e.stderr}, func(g *engine.Goroutine, value any) {
		select {
		case failed <- end{g, value}:
		default:
		}
	})
	c.Pauses = e.engine.Pauses()
	c.Run(e.engine.Watched(f), atEnd)
	select {
	case how := <-ended:
		c.Settle(how.value)
		return e.callError(c, how)
	case how := <-failed:
		err := e.callError(c, how)
		c.Stop(err)
		return err
	case <-c.Context().Done():
		return e.callError(c, end{})
	case <-ctx.Done():
	}
	c.Stop(context.Cause(ctx))
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
	return context.Cause(ctx)
}

// callError says how a called function ended.
func (e *evaluator) callError(c *engine.Cell, ended end) error {
	cause := c.Cause()
	var exit engine.Exit
	var overflow *engine.StackOverflow
	switch {
	case errors.As(cause, &exit):
		return &mpruntime.ExitError{Code: exit.Code}
	case errors.As(cause, &overflow):
		ended = end{nil, overflow}
	case cause != nil:
		lines := e.fatal(cause)
		if lines == nil {
			return cause
		}
		return &mpruntime.PanicError{Text: cause.Error(), Traceback: strings.Join(lines, "\n"), Err: cause}
	}
	switch ended.value.(type) {
	case nil:
		return nil
	case engine.Goexit:
		return &mpruntime.PanicError{Text: "runtime.Goexit was called"}
	}
	err, _ := ended.value.(error)
	return &mpruntime.PanicError{
		Text:      e.panicText(ended.value, ended.g),
		Traceback: strings.Join(e.traceback(ended.value, ended.g), "\n"),
		Err:       err,
	}
}
