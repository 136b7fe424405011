package compiled

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"time"

	"cuaderno/interp/engine"
)

// This file has the calls of compiled packages that wait for the outside world,
// in forms that a stop of the cell ends. Other calls that do not return leave
// their goroutine waiting; the session ends the cell without it.

// A blockingCall says how to end a call: finish makes it return early, given its
// arguments; drop releases what came too late, given its results. Both may be nil.
type blockingCall struct {
	f      any
	finish func(args []reflect.Value)
	drop   func(results []reflect.Value)
}

// blockingCalls returns the replacements, by import path and name.
func (e *Engine) blockingCalls() map[string]map[string]any {
	closeResult := func(results []reflect.Value) {
		if c, ok := results[0].Interface().(io.Closer); ok && !results[0].IsNil() {
			_ = c.Close()
		}
	}
	closeBody := func(results []reflect.Value) {
		if r, ok := results[0].Interface().(*http.Response); ok && r != nil {
			_ = r.Body.Close()
		}
	}
	closeServer := func(args []reflect.Value) { _ = args[0].Interface().(*http.Server).Close() }
	kill := func(args []reflect.Value) {
		if p := args[0].Interface().(*exec.Cmd).Process; p != nil {
			_ = p.Kill()
		}
	}
	calls := map[string]map[string]blockingCall{
		"io": {
			"Copy":                {f: io.Copy},
			"CopyBuffer":          {f: io.CopyBuffer},
			"CopyN":               {f: io.CopyN},
			"ReadAll":             {f: io.ReadAll},
			"ReadAtLeast":         {f: io.ReadAtLeast},
			"ReadFull":            {f: io.ReadFull},
			"(*PipeReader).Read":  {f: (*io.PipeReader).Read},
			"(*PipeWriter).Write": {f: (*io.PipeWriter).Write},
		},
		"net": {
			"Dial":                  {f: net.Dial, drop: closeResult},
			"DialTimeout":           {f: net.DialTimeout, drop: closeResult},
			"(*Dialer).Dial":        {f: (*net.Dialer).Dial, drop: closeResult},
			"(*Dialer).DialContext": {f: (*net.Dialer).DialContext, drop: closeResult},
			"LookupAddr":            {f: net.LookupAddr},
			"LookupHost":            {f: net.LookupHost},
			"LookupIP":              {f: net.LookupIP},
		},
		"net/http": {
			"Get":                         {f: http.Get, drop: closeBody},
			"Head":                        {f: http.Head, drop: closeBody},
			"Post":                        {f: http.Post, drop: closeBody},
			"PostForm":                    {f: http.PostForm, drop: closeBody},
			"(*Client).Do":                {f: (*http.Client).Do, drop: closeBody},
			"(*Client).Get":               {f: (*http.Client).Get, drop: closeBody},
			"(*Client).Head":              {f: (*http.Client).Head, drop: closeBody},
			"(*Client).Post":              {f: (*http.Client).Post, drop: closeBody},
			"(*Client).PostForm":          {f: (*http.Client).PostForm, drop: closeBody},
			"(*Server).ListenAndServe":    {f: (*http.Server).ListenAndServe, finish: closeServer},
			"(*Server).ListenAndServeTLS": {f: (*http.Server).ListenAndServeTLS, finish: closeServer},
			"(*Server).Serve":             {f: (*http.Server).Serve, finish: closeServer},
			"(*Server).ServeTLS":          {f: (*http.Server).ServeTLS, finish: closeServer},
			"(*Server).Shutdown":          {f: (*http.Server).Shutdown},
		},
		"os": {
			"(*Process).Wait": {f: (*os.Process).Wait},
		},
		"os/exec": {
			"(*Cmd).Wait": {f: (*exec.Cmd).Wait, finish: kill},
		},
	}
	table := map[string]map[string]any{}
	for path, named := range calls {
		table[path] = map[string]any{}
		for name, call := range named {
			table[path][name] = e.abandonable(call)
		}
	}
	serve := table["net/http"]["(*Server).Serve"].(func(*http.Server, net.Listener) error)
	serveTLS := table["net/http"]["(*Server).ServeTLS"].(func(*http.Server, net.Listener, string, string) error)
	listen := table["net/http"]["(*Server).ListenAndServe"].(func(*http.Server) error)
	listenTLS := table["net/http"]["(*Server).ListenAndServeTLS"].(func(*http.Server, string, string) error)
	for name, f := range map[string]any{
		"Serve": func(l net.Listener, h http.Handler) error { return serve(&http.Server{Handler: h}, l) },
		"ServeTLS": func(l net.Listener, h http.Handler, cert, key string) error {
			return serveTLS(&http.Server{Handler: h}, l, cert, key)
		},
		"ListenAndServe": func(addr string, h http.Handler) error { return listen(&http.Server{Addr: addr, Handler: h}) },
		"ListenAndServeTLS": func(addr, cert, key string, h http.Handler) error {
			return listenTLS(&http.Server{Addr: addr, Handler: h}, cert, key)
		},
	} {
		table["net/http"][name] = f
	}
	// The process is started by the caller, which is to kill it.
	wait := table["os/exec"]["(*Cmd).Wait"].(func(*exec.Cmd) error)
	run := func(c *exec.Cmd) error {
		if err := c.Start(); err != nil {
			return err
		}
		return wait(c)
	}
	for name, f := range map[string]any{
		"(*Cmd).Run":            run,
		"(*Cmd).Output":         func(c *exec.Cmd) ([]byte, error) { return output(c, run) },
		"(*Cmd).CombinedOutput": func(c *exec.Cmd) ([]byte, error) { return combinedOutput(c, run) },
	} {
		table["os/exec"][name] = f
	}
	table["os"]["(*File).Read"] = e.ReadFile
	for name, f := range map[string]any{
		"(*TCPConn).Read":        connRead[*net.TCPConn](e),
		"(*TCPConn).Write":       connWrite[*net.TCPConn](e),
		"(*UnixConn).Read":       connRead[*net.UnixConn](e),
		"(*UnixConn).Write":      connWrite[*net.UnixConn](e),
		"(*UDPConn).Read":        connRead[*net.UDPConn](e),
		"(*TCPListener).Accept":  listenerAccept[*net.TCPListener](e),
		"(*UnixListener).Accept": listenerAccept[*net.UnixListener](e),
	} {
		table["net"][name] = f
	}
	return table
}

// ReadFile is f.Read, which a stop of the calling goroutine's cell ends.
func (e *Engine) ReadFile(f *os.File, p []byte) (n int, err error) {
	e.untilDeadline(f.SetReadDeadline, func() { n, err = f.Read(p) })
	return n, err
}

// output is (*exec.Cmd).Output by means of run.
func output(c *exec.Cmd, run func(*exec.Cmd) error) ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("exec: Stdout already set")
	}
	var stdout, stderr bytes.Buffer
	c.Stdout = &stdout
	captured := c.Stderr == nil
	if captured {
		c.Stderr = &stderr
	}
	err := run(c)
	var exit *exec.ExitError
	if errors.As(err, &exit) && captured {
		exit.Stderr = stderr.Bytes()
	}
	return stdout.Bytes(), err
}

// combinedOutput is (*exec.Cmd).CombinedOutput by means of run.
func combinedOutput(c *exec.Cmd, run func(*exec.Cmd) error) ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("exec: Stdout already set")
	}
	if c.Stderr != nil {
		return nil, errors.New("exec: Stderr already set")
	}
	var both bytes.Buffer
	c.Stdout, c.Stderr = &both, &both
	err := run(c)
	return both.Bytes(), err
}

// abandonable returns a function of the type of call.f that makes the call on
// another goroutine, without which a stop of the cell ends the caller.
func (e *Engine) abandonable(call blockingCall) any {
	f := reflect.ValueOf(call.f)
	invoke := f.Call
	if f.Type().IsVariadic() {
		invoke = f.CallSlice
	}
	return reflect.MakeFunc(f.Type(), func(args []reflect.Value) (results []reflect.Value) {
		th, _ := current()
		if th.g == nil {
			return invoke(args)
		}
		var undo func()
		if call.drop != nil {
			undo = func() { call.drop(results) }
		}
		if handOver(th, inCall, func() { results = invoke(args) }, undo) {
			if call.finish != nil {
				call.finish(args)
			}
			th.stop()
		}
		return results
	}).Interface()
}

// untilDeadline makes a call that a deadline in the past ends, which a stop of
// the cell sets.
func (e *Engine) untilDeadline(set func(time.Time) error, call func()) {
	g := engine.Current()
	if g == nil {
		call()
		return
	}
	ended := make(chan struct{})
	cancel := context.AfterFunc(g.Cell.Context(), func() {
		defer close(ended)
		_ = set(time.Unix(1, 0)) // what has no deadline does not wait for long
	})
	call()
	if !cancel() {
		<-ended
		_ = set(time.Time{})
		runtime.Goexit()
	}
}

func connRead[C net.Conn](e *Engine) func(C, []byte) (int, error) {
	return func(c C, p []byte) (n int, err error) {
		e.untilDeadline(c.SetReadDeadline, func() { n, err = c.Read(p) })
		return n, err
	}
}

func connWrite[C net.Conn](e *Engine) func(C, []byte) (int, error) {
	return func(c C, p []byte) (n int, err error) {
		e.untilDeadline(c.SetWriteDeadline, func() { n, err = c.Write(p) })
		return n, err
	}
}

func listenerAccept[L interface {
	net.Listener
	SetDeadline(time.Time) error
}](e *Engine) func(L) (net.Conn, error) {
	return func(l L) (c net.Conn, err error) {
		e.untilDeadline(l.SetDeadline, func() { c, err = l.Accept() })
		return c, err
	}
}
