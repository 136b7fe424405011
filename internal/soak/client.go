package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// A person is a front end that uses a kernel as people do.
type person struct {
	*scope
	front  *kerneltest.FrontEnd
	box    *mailbox
	kernel *process
	random *rand.Rand
	name   string // begins the names of what it declares
	doing  string // the scenario

	crashes bool // the session by its cells

	epoch     int64 // of the variables below
	poolEpoch int64
	total     int // what the variable of the notebook holds
	features  []string
}

// join connects a person to a kernel. It ends the goroutine when it cannot.
func (k *process) join(s *scope, name string, random *rand.Rand) *person {
	p := &person{scope: s, kernel: k, random: random, name: name, box: newMailbox(s), epoch: -1, poolEpoch: -1}
	p.front = k.connect(s)
	p.front.Keep(p.box.take)
	p.front.Forget()
	k.enlist(p.box)
	info := p.ask(kerneltest.Shell, wire.KernelInfoRequest, nil)
	features, _ := kerneltest.Field(info.reply.Message, "supported_features").([]any)
	for _, f := range features {
		p.features = append(p.features, fmt.Sprint(f))
	}
	return p
}

func (p *person) supports(feature string) bool { return slices.Contains(p.features, feature) }

// Errorf says which scenario it was.
func (p *person) Errorf(format string, args ...any) {
	p.scope.Errorf("%s: %s", p.doing, fmt.Sprintf(format, args...))
}

// patience is how long a front end waits for the end of a request. All people of
// a kernel share its queue, and the machine may be busy.
const patience = 3 * time.Minute

// begin sends a request and returns at once.
func (p *person) begin(ch kerneltest.Channel, t wire.Type, content any, change func(*wire.Message, *exchange)) *exchange {
	m := p.front.Message(t, content)
	_, hasReply := t.Reply()
	x := &exchange{id: m.Header.ID, over: make(chan struct{}), asked: make(chan kerneltest.Received, 1), silent: !hasReply}
	if change != nil {
		change(m, x)
	}
	p.box.expect(x)
	p.front.SendMessage(ch, m)
	return x
}

// inSubshell addresses a request to a subshell (JEP 91).
func inSubshell(id string) func(*wire.Message, *exchange) {
	return func(m *wire.Message, _ *exchange) {
		raw, err := json.Marshal(m.Header)
		fields := map[string]any{}
		if err == nil {
			err = json.Unmarshal(raw, &fields)
		}
		fields["subshell_id"] = id
		if err == nil {
			raw, err = json.Marshal(fields)
		}
		if err != nil {
			panic(err) // a header is an object of strings
		}
		m.RawHeader = raw
	}
}

// end waits for the end of a request, and ends the goroutine if it does not come.
func (p *person) end(x *exchange, late bool) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-x.over:
	case <-p.kernel.ended:
		p.Fatalf("the kernel ended: %v", p.kernel.command.ProcessState)
	case <-limit.C:
		if !p.over() {
			missing := 0
			for _, came := range []bool{x.idle, x.replied || x.silent} {
				if !came {
					missing++
				}
			}
			p.tally.lose(p.who, missing, "%s: reply %v, idle %v", p.doing, x.replied, x.idle)
		}
		p.Fatalf("no end within %v", patience)
	}
	p.box.finish(x, late)
}

// ask sends a request that is no cell and waits for its end.
func (p *person) ask(ch kerneltest.Channel, t wire.Type, content any) *exchange {
	x := p.begin(ch, t, content, nil)
	p.end(x, false)
	if !x.silent {
		p.tally.add("queries", 1)
		if status := kerneltest.Field(x.reply.Message, "status"); status != "ok" && t != wire.IsCompleteRequest {
			p.Errorf("%s answers %s", x.reply.Header.Type, x.reply.Content)
		}
	}
	return x
}

// A cell is a cell that has run, or not.
type cell struct {
	kerneltest.Execution
	person *person
	code   string
	begun  int
	shaken bool // an interrupt or an error of another cell may have met it
}

// A sent cell has not ended yet.
type sent struct {
	*exchange
	cell
}

// send sends a cell. The kernel is told to go on after errors unless change says
// otherwise.
func (p *person) send(code string, change kerneltest.Fields, how func(*wire.Message, *exchange)) *sent {
	content := map[string]any{"code": code, "stop_on_error": false, "allow_stdin": false}
	for name, value := range change {
		content[name] = value
	}
	s := &sent{cell: cell{person: p, code: code}}
	s.begun, s.shaken = p.kernel.trouble.since()
	s.exchange = p.begin(kerneltest.Shell, wire.ExecuteRequest, content, how)
	return s
}

// replaced is what the kernel says of a session that is another one.
const replaced = "A fresh session has taken the place"

// finish waits for the end of a cell. late says that it leaves behind what may
// print.
func (s *sent) finish(late bool) cell {
	p := s.person
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-s.over:
	case <-limit.C:
	case <-p.kernel.ended:
	}
	if begun, _ := p.kernel.trouble.since(); begun != s.begun {
		s.shaken = true
	}
	p.end(s.exchange, late || s.shaken)
	c := s.cell
	c.Execution = kerneltest.Execution{ID: s.id, Reply: s.reply, IOPub: s.iopub}
	p.tally.add("cells", 1)
	p.kernel.cells.Add(1)
	if c.Status() == wire.Aborted {
		p.tally.add("aborted", 1)
		if !c.shaken {
			p.Errorf("a cell was aborted for no reason")
		}
	}
	if all := c.Traceback() + c.Text("stderr"); strings.Contains(all, replaced) {
		p.kernel.epoch.Add(1)
		if !p.crashes {
			p.Errorf("the session was replaced by the cell\n%s\n%s", c.code, all)
		}
	}
	return c
}

// run runs a cell that leaves nothing behind.
func (p *person) run(code string) cell { return p.send(code, nil, nil).finish(false) }

// ok says whether the cell succeeded; when it did not, and was not shaken, that
// is a fault.
func (c cell) ok() bool {
	if c.Status() == wire.OK {
		return true
	}
	if !c.shaken {
		c.person.Errorf("the cell\n%s\ngave %v\n%s", c.code, c.Status(), c.Traceback())
	}
	return false
}

// fails checks that the cell failed with an error of one of the names.
func (c cell) fails(names ...string) bool {
	name := fmt.Sprint(kerneltest.Field(c.Reply.Message, "ename"))
	if c.Status() == wire.Failed && len(c.Of(wire.Error)) == 1 && slices.Contains(names, name) {
		return true
	}
	if !c.shaken {
		c.person.Errorf("the cell\n%s\ngave %v %s and %d errors, want %s", c.code, c.Status(), name, len(c.Of(wire.Error)), names)
	}
	return false
}

// result is the text of the cell's result, empty without one.
func (c cell) result() string {
	for _, r := range c.Of(wire.ExecuteResult) {
		data, _ := kerneltest.Field(r.Message, "data").(map[string]any)
		return fmt.Sprint(data["text/plain"])
	}
	return ""
}

// gives checks the result of a cell.
func (c cell) gives(want any) {
	if c.ok() && c.result() != fmt.Sprint(want) {
		c.person.Errorf("the cell\n%s\ngave %q, want %v", c.code, c.result(), want)
	}
}

// prints checks that the cell printed exactly that.
func (c cell) prints(want string) {
	if got := c.Text("stdout"); c.ok() && got != want {
		c.person.Errorf("the cell\n%s\nprinted %q, want %q", c.code, clip(got), clip(want))
	}
}

// counts checks lines "NAME NUMBER …" of a stream: each name counts from 0, and
// wants so many lines.
func (c cell) counts(stream string, want map[string]int) {
	p, ok := c.person, c.ok()
	next := map[string]int{}
	for line := range strings.Lines(c.Text(stream)) {
		fields := strings.Fields(line)
		n := -1
		if len(fields) >= 2 && strings.HasSuffix(line, "\n") {
			if _, err := fmt.Sscan(fields[1], &n); err != nil {
				n = -1
			}
		}
		if n < 0 || want[fields[0]] == 0 {
			if ok {
				p.Errorf("a torn line %q", clip(line))
			}
			continue
		}
		if at := next[fields[0]]; n > at {
			p.tally.lose(p.who, n-at, "%s: %s %d follows %d", p.doing, fields[0], n, at-1)
		} else if n < at {
			p.Errorf("%s %d came after %d", fields[0], n, at-1)
		}
		next[fields[0]] = n + 1
	}
	for name, n := range want {
		p.tally.add("lines", next[name])
		if ok && next[name] < n {
			p.tally.lose(p.who, n-next[name], "%s: the last line of %s is %d of %d", p.doing, name, next[name]-1, n)
		}
	}
}

func clip(s string) string {
	if len(s) > 300 {
		return s[:150] + " … " + s[len(s)-150:]
	}
	return s
}

// between is a number from low to high.
func (p *person) between(low, high int) int { return low + p.random.IntN(high-low+1) }
