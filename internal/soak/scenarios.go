package main

import (
	"fmt"
	"strings"
	"time"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// A scenario is something that people do with a notebook. Each cell of it works
// whatever else is declared, and leaves few names.
type scenario struct {
	name   string
	weight int // how often, against the others
	run    func(p *person)
}

func scenarios() []scenario {
	return []scenario{
		{"state", 6, (*person).state},
		{"lines", 6, (*person).lines},
		{"goroutines", 4, (*person).goroutines},
		{"displays", 4, (*person).displays},
		{"errors", 5, (*person).failures},
		{"run all", 4, (*person).runAll},
		{"redefine", 5, (*person).redefine},
		{"big output", 1, (*person).bigOutput},
		{"input", 3, (*person).input},
		{"queries", 6, (*person).queries},
		{"comms", 3, (*person).comms},
		{"echo", 2, (*person).echo},
		{"late output", 2, (*person).lateOutput},
		{"stop", 2, (*person).stop},
		{"processes", 2, (*person).processes},
		{"pool", 1, (*person).pool},
		{"queue", 1, (*person).queue},
		{"subshell", 2, (*person).subshell},
		{"silent", 1, (*person).silent},
	}
}

// choose picks a scenario by weight.
func (p *person) choose(all []scenario) scenario {
	sum := 0
	for _, s := range all {
		sum += s.weight
	}
	at := p.random.IntN(sum)
	for _, s := range all {
		if at -= s.weight; at < 0 {
			return s
		}
	}
	return all[0]
}

// state counts in a variable of the notebook, which no interrupt may take away.
func (p *person) state() {
	v := p.name + "Total"
	if now := p.kernel.epoch.Load(); p.epoch != now {
		if !p.run(fmt.Sprintf("%s := %d", v, p.total)).ok() {
			return
		}
		p.epoch = now
	}
	n := p.between(1, 9)
	c := p.run(fmt.Sprintf("%s += %d\n%[1]s", v, n))
	if c.Status() == wire.OK {
		p.total += n
		c.gives(p.total)
		return
	}
	if p.kernel.epoch.Load() != p.epoch {
		return // the session is another one, which has been said
	}
	c.ok()
	// Whether it was added is not known; that the variable is there is.
	again := p.run(v)
	if p.kernel.epoch.Load() != p.epoch {
		return
	}
	if again.Status() != wire.OK {
		again.ok()
		return
	}
	if got := again.result(); got != fmt.Sprint(p.total) && got != fmt.Sprint(p.total+n) {
		p.Errorf("%s is %s after an interrupt, was %d", v, got, p.total)
	}
	if _, err := fmt.Sscan(again.result(), &p.total); err != nil {
		p.Errorf("%s is %s: %v", v, again.result(), err)
	}
}

func (p *person) lines() {
	out, errs := p.between(1, 1500), p.between(0, 20)
	c := p.run(fmt.Sprintf(`
for i := range %d { fmt.Println("out", i) }
for i := range %d { fmt.Fprintln(os.Stderr, "err", i) }
%d`, out, errs, out))
	c.counts("stdout", map[string]int{"out": out})
	c.counts("stderr", map[string]int{"err": errs})
	c.gives(out)
}

func (p *person) goroutines() {
	n, each := p.between(2, 20), p.between(1, 200)
	c := p.run(fmt.Sprintf(`
var %[1]sWait sync.WaitGroup
for g := range %[2]d {
	%[1]sWait.Add(1)
	go func() {
		defer %[1]sWait.Done()
		for i := range %[3]d { fmt.Printf("g%%d %%d ñandú\n", g, i) }
	}()
}
%[1]sWait.Wait()`, p.name, n, each))
	want := map[string]int{}
	for g := range n {
		want[fmt.Sprint("g", g)] = each
	}
	c.counts("stdout", want)
}

// displays checks that what is printed and displayed comes in its order.
func (p *person) displays() {
	n := p.between(1, 8)
	c := p.run(fmt.Sprintf(`
for i := range %d {
	fmt.Println("before", i)
	display.Show(display.HTML(fmt.Sprintf("<b>%%d</b>", i)))
}
fmt.Println("end")
display.Clear(true)
fmt.Println("cleared")`, n))
	if !c.ok() {
		return
	}
	var order strings.Builder
	for _, r := range c.IOPub {
		switch r.Header.Type {
		case wire.Stream:
			text, _ := kerneltest.Field(r.Message, "text").(string)
			order.WriteString(text)
		case wire.DisplayData:
			data, _ := kerneltest.Field(r.Message, "data").(map[string]any)
			fmt.Fprintln(&order, data["text/html"])
		case wire.ClearOutput:
			order.WriteString("clear\n")
		}
	}
	var want strings.Builder
	for i := range n {
		fmt.Fprintf(&want, "before %d\n<b>%d</b>\n", i, i)
	}
	want.WriteString("end\nclear\ncleared\n")
	if order.String() != want.String() {
		p.Errorf("the order is %q, want %q", clip(order.String()), clip(want.String()))
	}
}

// failures are cells that fail, of which one aborts what waits.
func (p *person) failures() {
	all := []struct {
		code string
		name string
	}{
		{"x := )", "CompileError"},
		{"fmt.Printl()", "CompileError"},
		{`panic("on purpose")`, "Panic"},
		{"var m map[string]int\nm[\"a\"] = 1", "Panic"},
		{"func() int { return []int{1}[len(os.Args)+7] }()", "Panic"},
		{"os.Exit(3)", "Exit"},
		{"go func() { panic(\"in a goroutine\") }()\ntime.Sleep(time.Minute)", "Panic"},
		{fmt.Sprintf("func %[1]sDeep(n int) int { return 1 + %[1]sDeep(n+1) }\n%[1]sDeep(0)", p.name), "Panic"},
	}
	f := all[p.random.IntN(len(all))]
	stops := p.random.IntN(4) == 0
	if stops {
		p.kernel.trouble.begin()
		defer p.kernel.trouble.end()
	}
	c := p.send(f.code, kerneltest.Fields{"stop_on_error": stops}, nil).finish(false)
	c.fails(f.name)
	p.tally.add("errors", 1)
	p.run("6 * 7").gives(42)
}

// runAll sends all cells of a notebook at once, as Run All does. One may fail.
func (p *person) runAll() {
	n := p.between(3, 20)
	bad := -1
	if p.random.IntN(3) == 0 {
		bad = p.random.IntN(n)
		p.kernel.trouble.begin()
		defer p.kernel.trouble.end()
	}
	cells := make([]*sent, 0, n)
	for i := range n {
		code := fmt.Sprintf("fmt.Println(\"cell\", %d)\n%d * 2", i, i)
		if i == bad {
			code = `panic("stop here")`
		}
		// An interrupt of such a cell would abort those of others when it has ended.
		cells = append(cells, p.send(code, kerneltest.Fields{"stop_on_error": bad >= 0}, nil))
	}
	count := 0
	for i, s := range cells {
		c := s.finish(false)
		if c.Status() == wire.Aborted {
			continue
		}
		if c.Count() <= count {
			p.Errorf("cell %d has the count %d after %d", i, c.Count(), count)
		}
		count = c.Count()
		if i == bad {
			c.fails("Panic")
		} else if c.Status() == wire.OK {
			c.prints(fmt.Sprintf("cell %d\n", i))
			c.gives(i * 2)
		} else {
			c.ok()
		}
	}
}

func (p *person) redefine() {
	n := p.between(0, 1000)
	kind := []string{"int", "float64", "string"}[p.random.IntN(3)]
	p.run(fmt.Sprintf(`
type %[1]sPoint struct { X, Y %[2]s }
func (v %[1]sPoint) Name() string { return fmt.Sprintf("%%T", v.X) }
func %[1]sValue() int { return %[3]d }
var %[1]sAt %[1]sPoint
fmt.Println(%[1]sAt.Name(), %[1]sValue())`, p.name, kind, n)).prints(fmt.Sprintf("%s %d\n", kind, n))
	c := p.run(fmt.Sprintf("func %[1]sValue() int { return %[2]d }\n%[1]sValue()", p.name, n+1))
	c.gives(n + 1)
}

func (p *person) bigOutput() {
	n := p.between(5_000, 40_000)
	c := p.run(fmt.Sprintf("for i := range %d { fmt.Println(\"big\", i, \"%s\") }", n, strings.Repeat("x", p.between(0, 150))))
	c.counts("stdout", map[string]int{"big": n})
}

// input answers a question, or lets an interrupt answer it.
func (p *person) input() {
	s := p.send("var line string\nfmt.Print(\"? \")\n_, err := fmt.Scanln(&line)\nfmt.Println(\"<\", line, err)", kerneltest.Fields{"allow_stdin": true}, nil)
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case r := <-s.asked:
		// A moment that an interrupt may use.
		time.Sleep(time.Duration(p.random.IntN(20)) * time.Millisecond)
		p.front.Send(kerneltest.Stdin, wire.InputReply, map[string]any{"value": "answer", "status": "ok"})
		p.tally.add("inputs", 1)
		_ = r
	case <-s.over:
	case <-limit.C:
		p.tally.lose(p.who, 1, "no question was asked")
		p.Fatal("no question")
	}
	c := s.finish(false)
	if c.ok() && !strings.HasSuffix(c.Text("stdout"), "< answer <nil>\n") {
		p.Errorf("the cell printed %q", c.Text("stdout"))
	}
}

func (p *person) silent() {
	s := p.send("6 * 7", kerneltest.Fields{"silent": true}, nil)
	c := s.finish(false)
	if c.ok() && c.Types() != "busy idle" {
		p.Errorf("a silent cell published %s", c.Types())
	}
	s = p.send("1", kerneltest.Fields{"store_history": false, "user_expressions": map[string]string{"a": "2 + 2", "b": "nothing"}}, nil)
	if c := s.finish(false); c.ok() {
		answers, _ := kerneltest.Field(c.Reply.Message, "user_expressions").(map[string]any)
		if len(answers) != 2 {
			p.Errorf("user_expressions are %v", answers)
		}
	}
}
