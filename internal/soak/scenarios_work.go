package main

import (
	"fmt"
	"time"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// await waits for an event, at most for as long as a front end has patience.
func (p *person) await(event <-chan struct{}) bool {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-event:
		return true
	case <-p.kernel.ended:
	case <-limit.C:
	}
	return false
}

// lateOutput leaves a goroutine behind that prints under the header of its cell.
func (p *person) lateOutput() {
	n := p.between(1, 20)
	came := make(chan struct{})
	text := ""
	s := p.send(fmt.Sprintf("go func() {\n\ttime.Sleep(%d * time.Millisecond)\n\tfor i := range %d { fmt.Println(\"late\", i) }\n}()",
		p.between(0, 50), n), nil, nil)
	seen := func(r kerneltest.Received) {
		if r.Header.Type != wire.Stream {
			return
		}
		t, _ := kerneltest.Field(r.Message, "text").(string)
		text += t
		if countLines(text) == n {
			close(came)
		}
	}
	p.box.follow(s.exchange, seen)
	c := s.finish(true)
	defer p.box.unfollow(c.ID)
	if !c.ok() {
		return
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-came:
		p.tally.add("late lines", n)
	case <-p.kernel.ended:
	case <-limit.C:
		if begun, _ := p.kernel.trouble.since(); begun == s.begun {
			p.tally.lose(p.who, n, "late lines of a goroutine")
		}
	}
}

func countLines(s string) int {
	n := 0
	for _, c := range s {
		if c == '\n' {
			n++
		}
	}
	return n
}

// stop interrupts a cell of one's own that would run for ever.
func (p *person) stop() {
	forever := []string{
		"for {}",
		"select {}",
		"time.Sleep(time.Hour)",
		"<-make(chan int)",
		"func() { n := 0; for { n++ } }()",
		"var m sync.Mutex\nm.Lock()\nm.Lock()",
		"mp.NewQueue().Get()",
		"for i := 0; ; i++ { fmt.Println(\"flood\", i) }",
		"p := mp.NewProcess(func() { time.Sleep(time.Hour) })\np.Start()\np.Join()",
		"for range 1000 { go func() { for { time.Sleep(time.Microsecond) } }() }\nselect {}",
	}
	code := forever[p.random.IntN(len(forever))]
	p.kernel.trouble.begin()
	defer p.kernel.trouble.end()
	ready := make(chan struct{})
	s := p.send("fmt.Println(\"ready\")\n"+code, nil, func(_ *wire.Message, x *exchange) {
		x.listener = func(r kerneltest.Received) {
			if r.Header.Type == wire.Stream {
				select {
				case <-ready:
				default:
					close(ready)
				}
			}
		}
	})
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-ready:
	case <-s.over:
	case <-p.kernel.ended:
	case <-limit.C:
		p.tally.lose(p.who, 1, "the first line of a cell")
	}
	time.Sleep(time.Duration(p.random.IntN(30)) * time.Millisecond)
	p.ask(kerneltest.Control, wire.InterruptRequest, nil)
	p.tally.add("interrupts", 1)
	c := s.finish(true)
	if c.Status() == wire.OK {
		p.Errorf("the cell\n%s\nended by itself", code)
	} else if name := kerneltest.Field(c.Reply.Message, "ename"); c.Status() == wire.Failed && name != "KeyboardInterrupt" {
		p.Errorf("the cell\n%s\nended with %v\n%s", code, name, c.Traceback())
	} else if c.Status() == wire.Failed {
		p.tally.add("interrupted", 1)
	}
}

func (p *person) processes() {
	n, each := p.between(1, 4), p.between(1, 100)
	c := p.run(fmt.Sprintf(`
func %[1]sChild(who string) { for i := range %[3]d { fmt.Println(who, i) } }
func() {
	var children []*mp.Process
	for i := range %[2]d {
		c := mp.NewProcess(%[1]sChild, fmt.Sprint("p", i))
		if err := c.Start(); err != nil { panic(err) }
		children = append(children, c)
	}
	for _, c := range children {
		if err := c.Join(); err != nil { panic(err) }
	}
}()`, p.name, n, each))
	want := map[string]int{}
	for i := range n {
		want[fmt.Sprint("p", i)] = each
	}
	c.counts("stdout", want)
	p.tally.add("processes", n)
}

// pool keeps its pool in a variable: where an interrupt comes before it is
// terminated, the next one does that.
func (p *person) pool() {
	if now := p.kernel.epoch.Load(); p.poolEpoch != now {
		if !p.run("var " + p.name + "Pool *mp.Pool").ok() {
			return
		}
		p.poolEpoch = now
	}
	c := p.run(fmt.Sprintf(`
func %[1]sSquare(n int) int { return n * n }
func() int {
	if %[1]sPool != nil {
		%[1]sPool.Terminate()
		%[1]sPool.Join()
	}
	%[1]sPool = mp.NewPool(2)
	defer func() { %[1]sPool.Terminate(); %[1]sPool.Join() }()
	got, err := mp.Map(%[1]sPool, %[1]sSquare, []int{1, 2, 3, 4, 5})
	if err != nil { panic(err) }
	sum := 0
	for _, n := range got { sum += n }
	return sum
}()`, p.name))
	c.gives(55)
	p.tally.add("pools", 1)
}

func (p *person) queue() {
	n := p.between(1, 500)
	c := p.run(fmt.Sprintf(`
func() {
	q, total := mp.NewQueue(), mp.NewValue(0)
	child := mp.NewProcess(func() {
		for i := range %[1]d { q.Put(i); total.Add(1) }
	})
	if err := child.Start(); err != nil { panic(err) }
	for i := range %[1]d {
		v, err := mp.Get[int](q)
		if err != nil || v != i { panic(fmt.Sprint(v, err)) }
	}
	if err := child.Join(); err != nil { panic(err) }
	fmt.Println(total.Get())
}()`, n))
	c.prints(fmt.Sprintf("%d\n", n))
}
