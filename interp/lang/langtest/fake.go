// Package langtest is a Go session that knows no Go: a lang.Session whose cells
// are written in a language of commands, so that a test of a front end says
// in the cell what the session shall do.
//
// A cell is run line by line, and a line is a command and its text:
//
//	out TEXT      writes TEXT and a newline to stdout
//	raw TEXT      writes TEXT, a Go string literal, to stdout
//	err TEXT      writes TEXT and a newline to stderr
//	many N        writes N lines "line 0" … to stdout
//	show TEXT     displays TEXT; show#ID gives it a display id
//	update#ID TEXT  updates a display
//	clear         clears the output; clear wait waits for the next
//	ask PROMPT    reads a line and prints it to stdout; secret asks for a password
//	result TEXT   makes TEXT the result
//	page TEXT     makes TEXT what is shown beside the notebook
//	fail TEXT     fails with a lang.Panic whose value is TEXT
//	wait          waits for the interrupt
//	hang          ignores the interrupt and waits for Close
//	later TEXT    writes TEXT to the cell's stdout after Session.Late is called
//	crash TEXT    ends the session with TEXT as the crash text
//	boom          panics inside the session's Execute
//	set K V       gives a variable a value; get K prints it
//	open#ID TARGET  opens a comm; tell#ID DATA sends a message of it, with the
//	              metadata {"told":true} and the buffer "\x00told"; shut#ID closes it
//
// Other lines fail with a lang.CompileError. A line of one number is its own
// result. IsComplete answers incomplete for code that ends in "{".
//
// Front ends can open comms for the target echo, which sends messages back; one
// whose data is {"run": CODE} is run as a cell is instead, and an opening too.
package langtest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// A Fake starts sessions and remembers them. It may be used from any goroutine.
type Fake struct {
	mu       sync.Mutex
	sessions []*Session
	fail     error
	gate     chan struct{}
	started  chan struct{} // closed when sessions is no longer empty
}

// Start is a lang.Starter.
func (f *Fake) Start(ctx context.Context, _ lang.Session) (lang.Session, error) {
	f.mu.Lock()
	gate := f.gate
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	s := &Session{
		done:      make(chan struct{}),
		executing: make(chan lang.Cell, 1024),
		late:      make(chan struct{}),
		vars:      map[string]string{},
		comms:     map[string]bool{},
	}
	f.sessions = append(f.sessions, s)
	if len(f.sessions) == 1 {
		close(f.first())
	}
	return s, nil
}

// first returns the channel that is closed when there is a session. The caller
// holds mu.
func (f *Fake) first() chan struct{} {
	if f.started == nil {
		f.started = make(chan struct{})
	}
	return f.started
}

// Newest waits until there is a session and returns the newest, nil when ctx
// ends first.
func (f *Fake) Newest(ctx context.Context) *Session {
	f.mu.Lock()
	started := f.first()
	f.mu.Unlock()
	select {
	case <-started:
	case <-ctx.Done():
		return nil
	}
	sessions := f.Sessions()
	return sessions[len(sessions)-1]
}

// FailStarts makes each Start return err from now on; nil ends that.
func (f *Fake) FailStarts(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

// HoldStarts makes each Start wait until release is called.
func (f *Fake) HoldStarts() (release func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gate := make(chan struct{})
	f.gate = gate
	return sync.OnceFunc(func() { close(gate) })
}

// Sessions returns the sessions started so far, oldest first.
func (f *Fake) Sessions() []*Session {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sessions)
}

// A Session is one fake session.
type Session struct {
	executing chan lang.Cell
	late      chan struct{}
	lateOnce  sync.Once

	mu    sync.Mutex
	later []chan struct{} // each closed when a later command has written
	vars  map[string]string
	comms map[string]bool // that are open
	ended bool
	err   error
	done  chan struct{}
}

// Executing receives each cell when its execution begins.
func (s *Session) Executing() <-chan lang.Cell { return s.executing }

// Late lets the later commands write, and waits until they have.
func (s *Session) Late() {
	s.lateOnce.Do(func() { close(s.late) })
	s.mu.Lock()
	later := slices.Clone(s.later)
	s.mu.Unlock()
	for _, written := range later {
		<-written
	}
}

// whenLate calls write after Late has been called.
func (s *Session) whenLate(write func()) {
	written := make(chan struct{})
	s.mu.Lock()
	s.later = append(s.later, written)
	s.mu.Unlock()
	go func() {
		defer close(written)
		<-s.late
		write()
	}()
}

// Crash ends the session as a crash of its process does.
func (s *Session) Crash(text string) { s.end(errors.New(text)) }

func (s *Session) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended, s.err = true, err
	close(s.done)
}

// Close implements lang.Session.
func (s *Session) Close() error {
	s.end(nil)
	return nil
}

// Done implements lang.Session.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err implements lang.Session.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// IsComplete implements lang.Session.
func (s *Session) IsComplete(_ context.Context, code string) (lang.Completeness, error) {
	switch {
	case strings.HasSuffix(strings.TrimSpace(code), "{"):
		return lang.Completeness{Status: "incomplete", Indent: "\t"}, nil
	case strings.HasPrefix(code, "}"):
		return lang.Completeness{Status: "invalid"}, nil
	}
	return lang.Completeness{Status: "complete"}, nil
}

// Complete implements lang.Session: the names of variables that begin with the
// letters before the cursor.
func (s *Session) Complete(_ context.Context, code string, cursor int) (lang.Completion, error) {
	before := []rune(code)[:cursor]
	start := cursor
	for start > 0 && unicode.IsLetter(before[start-1]) {
		start--
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := lang.Completion{Start: start, End: cursor}
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		if strings.HasPrefix(name, string(before[start:])) {
			c.Matches = append(c.Matches, lang.Match{Text: name, Type: "variable", Signature: "string"})
		}
	}
	return c, nil
}

// Inspect implements lang.Session: code that is the name of a variable.
func (s *Session) Inspect(_ context.Context, code string, _, _ int) (lang.Inspection, error) {
	value, ok := s.get(code)
	if !ok {
		return lang.Inspection{}, nil
	}
	b := display.Text("var " + code + " = " + value)
	return lang.Inspection{Bundle: &b}, nil
}

// Remains implements lang.Session: the names of the variables.
func (s *Session) Remains() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.vars) == 0 || s.err == nil {
		return nil
	}
	return []string{"%restore brings back " + strings.Join(slices.Sorted(maps.Keys(s.vars)), ", ")}
}

func (s *Session) get(name string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok := s.vars[name]
	return value, ok
}

func (s *Session) set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.vars[name] = value
}

// Execute implements lang.Session.
func (s *Session) Execute(ctx context.Context, cell lang.Cell, out lang.Output) lang.Outcome {
	select {
	case s.executing <- cell:
	default:
	}
	run := &run{session: s, out: out}
	for line := range strings.Lines(cell.Code) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := run.line(ctx, line); err != nil {
			return lang.Outcome{Err: err}
		}
	}
	outcome := lang.Outcome{Result: run.result, Page: run.page}
	for _, name := range slices.Sorted(maps.Keys(cell.Expressions)) {
		if outcome.Expressions == nil {
			outcome.Expressions = map[string]lang.Expression{}
		}
		outcome.Expressions[name] = s.expression(cell.Expressions[name])
	}
	return outcome
}

func (s *Session) expression(code string) lang.Expression {
	value, ok := s.get(code)
	if _, err := strconv.Atoi(code); err == nil {
		value, ok = code, true
	}
	if !ok {
		return lang.Expression{Err: failure(lang.CompileError, "undefined: "+code)}
	}
	b := display.Text(value)
	return lang.Expression{Bundle: &b}
}

func failure(name, value string) *lang.Error {
	return &lang.Error{Name: name, Value: value, Traceback: []string{name + ": " + value}}
}
