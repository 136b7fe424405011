package langtest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// A run is the execution of one cell.
type run struct {
	session *Session
	out     lang.Output
	result  *display.Bundle
	page    *display.Bundle
}

// line runs one command.
func (r *run) line(ctx context.Context, line string) *lang.Error {
	if _, err := strconv.Atoi(line); err == nil {
		line = "result " + line
	}
	command, text, _ := strings.Cut(line, " ")
	command, id, _ := strings.Cut(command, "#")
	switch command {
	case "show":
		r.out.Display(display.Text(text), id)
	case "update":
		r.out.UpdateDisplay(display.Text(text), id)
	case "clear":
		r.out.ClearOutput(text == "wait")
	case "result":
		b := display.Text(text)
		r.result = &b
	case "page":
		b := display.Text(text)
		r.page = &b
	case "set":
		name, value, _ := strings.Cut(text, " ")
		r.session.set(name, value)
	case "fail":
		return failure(lang.Panic, text)
	case "boom":
		panic("boom")
	case "open", "tell", "shut":
		r.comm(command, id, text)
	case "wait", "hang", "crash":
		return r.end(ctx, command, text)
	case "ask", "secret":
		return r.ask(ctx, text, command == "secret")
	default:
		return r.write(command, text)
	}
	return nil
}

// write runs the commands that write to a stream.
func (r *run) write(command, text string) *lang.Error {
	switch command {
	case "out":
		r.out.Stdout([]byte(text + "\n"))
	case "err":
		r.out.Stderr([]byte(text + "\n"))
	case "raw":
		s, err := strconv.Unquote(text)
		if err != nil {
			return failure(lang.CompileError, err.Error())
		}
		r.out.Stdout([]byte(s))
	case "many":
		n, _ := strconv.Atoi(text)
		for i := range n {
			r.out.Stdout(fmt.Appendf(nil, "line %d\n", i))
		}
	case "get":
		value, ok := r.session.get(text)
		if !ok {
			return failure(lang.CompileError, "undefined: "+text)
		}
		r.out.Stdout([]byte(value + "\n"))
	case "later":
		r.session.whenLate(func() { r.out.Stdout([]byte(text + "\n")) })
	default:
		return failure(lang.CompileError, "undefined: "+command)
	}
	return nil
}

// end runs the commands after which the cell does not go on.
func (r *run) end(ctx context.Context, command, text string) *lang.Error {
	interrupted := ctx.Done()
	switch command {
	case "crash":
		r.session.Crash(text)
	case "hang":
		interrupted = nil
	}
	select {
	case <-interrupted:
		return failure(lang.Interrupted, "interrupted")
	case <-r.session.done:
		return failure(lang.Crashed, fmt.Sprint(r.session.Err()))
	}
}

func (r *run) ask(ctx context.Context, prompt string, password bool) *lang.Error {
	line, err := r.out.ReadLine(ctx, prompt, password)
	switch {
	case errors.Is(err, context.Canceled):
		return failure(lang.Interrupted, "interrupted")
	case err != nil:
		return failure(lang.Panic, err.Error())
	}
	r.out.Stdout([]byte(line + "\n"))
	return nil
}
