package kerneltest

import (
	"strings"

	"cuaderno/kernel/wire"
)

// An Execution is a finished execute_request.
type Execution struct {
	ID    string
	Reply Received
	IOPub []Received // from busy to idle
}

// Fields of execute_request, to change what Code sends.
type Fields map[string]any

// Code sends an execute_request for code, with the fields changed as said, and
// returns its id.
func (f *FrontEnd) Code(code string, change Fields) string {
	f.t.Helper()
	return f.CodeIn("", code, change)
}

// CodeIn is Code in a subshell.
func (f *FrontEnd) CodeIn(subshell, code string, change Fields) string {
	f.t.Helper()
	content := map[string]any{"code": code}
	for name, value := range change {
		content[name] = value
	}
	m := f.Message(wire.ExecuteRequest, content)
	m.Header.Subshell = subshell
	f.SendMessage(Shell, m)
	return m.Header.ID
}

// Subshell creates a subshell and returns its id.
func (f *FrontEnd) Subshell() string {
	f.t.Helper()
	request := f.Send(Control, wire.CreateSubshellRequest, nil)
	r := f.Reply(request)
	f.Published(request)
	id, _ := Field(r.Message, "subshell_id").(string)
	if id == "" {
		f.t.Fatalf("no subshell was created: %s", r.Content)
	}
	return id
}

// Execute runs code and waits for its end.
func (f *FrontEnd) Execute(code string) Execution {
	f.t.Helper()
	return f.Finish(f.Code(code, nil))
}

// Finish waits for the reply and the idle of an execute_request.
func (f *FrontEnd) Finish(id string) Execution {
	f.t.Helper()
	return Execution{ID: id, Reply: f.Reply(id), IOPub: f.Published(id)}
}

// Status is the status of the reply.
func (e Execution) Status() any { return Field(e.Reply.Message, "status") }

// Count is the execution_count of the reply.
func (e Execution) Count() int {
	n, _ := Field(e.Reply.Message, "execution_count").(float64)
	return int(n)
}

// Types lists the types of what was published; a status is its state.
func (e Execution) Types() string {
	var types []string
	for _, r := range e.IOPub {
		t := string(r.Header.Type)
		if r.Header.Type == wire.Status {
			t, _ = Field(r.Message, "execution_state").(string)
		}
		types = append(types, t)
	}
	return strings.Join(types, " ")
}

// Of returns what was published of one type.
func (e Execution) Of(t wire.Type) []Received {
	var out []Received
	for _, r := range e.IOPub {
		if r.Header.Type == t {
			out = append(out, r)
		}
	}
	return out
}

// Text is what was written to "stdout" or "stderr".
func (e Execution) Text(stream string) string {
	var b strings.Builder
	for _, r := range e.Of(wire.Stream) {
		if Field(r.Message, "name") == stream {
			text, _ := Field(r.Message, "text").(string)
			b.WriteString(text)
		}
	}
	return b.String()
}

// Traceback is the traceback of the reply as one text.
func (e Execution) Traceback() string {
	lines, _ := Field(e.Reply.Message, "traceback").([]any)
	var b strings.Builder
	for _, l := range lines {
		s, _ := l.(string)
		b.WriteString(s + "\n")
	}
	return b.String()
}
