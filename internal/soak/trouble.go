package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"syscall"
	"time"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// useSteady uses one kernel, with one session, until the end, and takes samples
// of it.
func (s *soak) useSteady(ctx context.Context) {
	k := s.start(ctx, "steady", s.random(1))
	if k == nil {
		return
	}
	defer k.end()
	crowd := s.populate(ctx, k, 1)
	s.alone(k, "steady's sampler", func(p *person) {
		var session int64
		sample := func() {
			k.world.Lock()
			defer k.world.Unlock() // a fault ends the goroutine
			s.settle(k)
			p.find()
			if now := k.session.Load(); now != session && session != 0 {
				p.Errorf("the session %d was replaced by %d", session, now)
				k.epoch.Add(1)
			}
			session = k.session.Load()
			s.sample(p)
		}
		for sample(); pause(ctx, s.every); {
			sample()
		}
		crowd.Wait()
		s.settle(k)
	})
	crowd.Wait()
	if n := s.finish(k, "quit"); n > 0 {
		s.mu.Lock()
		s.steady = n
		s.mu.Unlock()
	}
}

// endings are the ways in which a kernel goes.
var endings = [...]string{"shutdown", "restart", "terminate", "kill", "quit"}

// useRestarted uses one kernel after the other. Their sessions crash.
func (s *soak) useRestarted(ctx context.Context) {
	random := s.random(1000)
	for n := uint64(0); ctx.Err() == nil; n++ {
		k := s.start(ctx, fmt.Sprintf("restarted %d", n), random)
		if k == nil {
			pause(ctx, time.Second)
			continue
		}
		life, stop := context.WithTimeout(ctx, time.Duration(20+random.IntN(60))*time.Second)
		crowd := s.populate(life, k, 2000+n*100)
		s.alone(k, "the one who crashes", func(p *person) {
			p.crashes = true
			for pause(life, time.Duration(2+random.IntN(15))*time.Second) {
				func() {
					k.world.Lock()
					defer k.world.Unlock() // a fault ends the goroutine
					s.settle(k)
					p.crash()
				}()
			}
		})
		stop()
		crowd.Wait()
		s.settle(k)
		how := endings[n%uint64(len(endings))]
		if goroutines := s.finish(k, how); goroutines > 0 {
			s.mu.Lock()
			s.quits = append(s.quits, goroutines)
			s.mu.Unlock()
		}
		k.end()
		s.tally.add("restarts", 1)
	}
}

// alone lets one more front end of a kernel do something.
func (s *soak) alone(k *process, name string, do func(p *person)) {
	var done sync.WaitGroup
	done.Go(func() {
		scope := &scope{tally: s.tally, who: name + " of " + k.who}
		defer scope.end()
		p := k.join(scope, "solo", s.random(0))
		defer k.leave(p.box)
		p.doing = name
		do(p)
	})
	done.Wait()
}

// populate has people, interrupts and broken peers at a kernel until ctx ends.
// Everything under way is finished then.
func (s *soak) populate(ctx context.Context, k *process, first uint64) *sync.WaitGroup {
	crowd := &sync.WaitGroup{}
	for i := range uint64(s.people) { //nolint:gosec // a few
		crowd.Go(func() { s.live(ctx, k, fmt.Sprintf("ana%d", i), s.random(first+i)) })
	}
	crowd.Go(func() { s.interrupt(ctx, k, s.random(first+50)) })
	crowd.Go(func() { s.readSlowly(ctx, k, s.random(first+51)) })
	crowd.Go(func() { s.vanish(ctx, k, s.random(first+52)) })
	for i := range uint64(s.broken) { //nolint:gosec // a few
		crowd.Go(func() { s.misbehave(ctx, k, s.random(first+60+i)) })
	}
	return crowd
}

// live does one scenario after the other. A person that a fault has sent away
// comes back.
func (s *soak) live(ctx context.Context, k *process, name string, random *rand.Rand) {
	for ctx.Err() == nil && !k.gone() {
		var done sync.WaitGroup
		done.Go(func() {
			scope := &scope{tally: s.tally, who: name + " of " + k.who}
			defer scope.end()
			p := k.enter(scope, name, random)
			defer k.leave(p.box)
			all := scenarios()
			for ctx.Err() == nil {
				next := p.choose(all)
				if s.only != "" && next.name != s.only {
					continue
				}
				p.doing = next.name
				func() {
					k.world.RLock()
					defer k.world.RUnlock() // a fault ends the goroutine
					next.run(p)
				}()
			}
		})
		done.Wait()
		pause(ctx, 100*time.Millisecond)
	}
}

// enter is join for who is not alone.
func (k *process) enter(s *scope, name string, random *rand.Rand) *person {
	k.world.RLock()
	defer k.world.RUnlock()
	return k.join(s, name, random)
}

func (k *process) gone() bool {
	select {
	case <-k.ended:
		return true
	default:
		return false
	}
}

// interrupt interrupts the kernel at random moments.
func (s *soak) interrupt(ctx context.Context, k *process, random *rand.Rand) {
	scope := &scope{tally: s.tally, who: "interrupts of " + k.who}
	defer scope.end()
	p := k.join(scope, "stop", random)
	defer k.leave(p.box)
	p.doing = "random interrupt"
	for pause(ctx, time.Duration(random.ExpFloat64()*float64(3*time.Second))) {
		func() {
			k.world.RLock()
			defer k.world.RUnlock() // a fault ends the goroutine
			k.trouble.begin()
			defer k.trouble.end()
			p.ask(kerneltest.Control, wire.InterruptRequest, nil)
			s.tally.add("interrupts", 1)
		}()
	}
}

// readSlowly reads what everybody is sent, with pauses, and must lose nothing.
func (s *soak) readSlowly(ctx context.Context, k *process, random *rand.Rand) {
	scope := &scope{tally: s.tally, who: "slow reader of " + k.who}
	defer scope.end()
	front := k.connect(scope)
	box := newMailbox(scope)
	front.Keep(func(r kerneltest.Received) bool {
		if r.Channel == kerneltest.IOPub && ctx.Err() == nil {
			switch random.IntN(2000) {
			case 0:
				pause(ctx, time.Second)
			case 1, 2, 3, 4, 5, 6, 7, 8, 9, 10:
				pause(ctx, 20*time.Millisecond)
			}
		}
		return box.take(r)
	})
	front.Forget()
	k.enlist(box)
	defer k.leave(box)
	<-ctx.Done()
}

// vanish connects front ends that go in the middle of a cell, or of a question,
// which nobody can answer then.
func (s *soak) vanish(ctx context.Context, k *process, random *rand.Rand) {
	scope := &scope{tally: s.tally, who: "the one after those who vanish, of " + k.who}
	defer scope.end()
	p := k.join(scope, "after", random)
	defer k.leave(p.box)
	p.doing = "after a front end has vanished"
	for pause(ctx, time.Duration(1+random.IntN(5))*time.Second) && !k.gone() {
		func() {
			k.world.RLock()
			defer k.world.RUnlock() // a fault ends the goroutine
			k.comeAndGo(ctx, s.tally, random)
			k.trouble.begin()
			defer k.trouble.end()
			next := p.send("6 * 7", nil, nil)
			for !k.gone() && !next.ended(time.Second) {
				p.ask(kerneltest.Control, wire.InterruptRequest, nil)
			}
			next.finish(false)
			s.tally.add("vanished", 1)
		}()
	}
}

// ended says whether an exchange is over, and waits for that a while.
func (x *exchange) ended(wait time.Duration) bool {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	select {
	case <-x.over:
		return true
	case <-limit.C:
		return false
	}
}

func (k *process) comeAndGo(ctx context.Context, t *tally, random *rand.Rand) {
	var done sync.WaitGroup
	done.Go(func() {
		scope := &scope{tally: t, who: "vanishing front end of " + k.who}
		defer scope.end()
		front := k.connect(scope)
		code := "for i := range 2000 { fmt.Println(\"nobody reads\", i) }"
		if random.IntN(4) == 0 {
			code = "var line string\nfmt.Scanln(&line)"
		}
		front.Code(code, kerneltest.Fields{"allow_stdin": true, "stop_on_error": false})
		pause(ctx, time.Duration(random.IntN(50))*time.Millisecond)
		scope.quit()
	})
	done.Wait()
}

// find notes which process the session is, and has it give back what it does not
// use: what a deep recursion took is no leak.
func (p *person) find() {
	c := p.run("import \"runtime/debug\"\ndebug.FreeOSMemory()\nos.Getpid()")
	var pid int64
	if !c.ok() {
		return
	}
	if _, err := fmt.Sscan(c.result(), &pid); err != nil {
		p.Errorf("the session's pid is %q", c.result())
	}
	p.kernel.session.Store(pid)
}

// crash ends the session in the middle of a cell.
func (p *person) crash() {
	ways := []string{
		"m := map[int]int{}\nfor range 8 { go func() { for { m[1]++ } }() }\nselect {}",
		"syscall.Kill(os.Getpid(), syscall.SIGKILL)\nselect {}",
		"syscall.Kill(os.Getpid(), syscall.SIGSEGV)\nselect {}",
	}
	p.find()
	old := descendants(int(p.kernel.session.Load()))
	p.kernel.trouble.begin()
	c := func() cell {
		defer p.kernel.trouble.end()
		return p.run(ways[p.random.IntN(len(ways))])
	}()
	if got := kerneltest.Field(c.Reply.Message, "ename"); c.Status() != wire.Failed || got != "SessionCrashed" {
		p.Errorf("a crash gave %v %v\n%s", c.Status(), got, c.Traceback())
	}
	p.run("6 * 7").gives(42)
	p.tally.add("crashes", 1)
	p.kernel.awaitGone(old, "a crashed session")
}

// quietLimit is how long everything may take to become idle.
const quietLimit = 30 * time.Second

// settle waits until all front ends of a kernel have seen every request idle,
// while nothing is sent.
func (s *soak) settle(k *process) {
	deadline := time.Now().Add(quietLimit)
	for _, box := range k.enlisted() {
		for len(box.busy()) > 0 && time.Now().Before(deadline) && !k.gone() {
			time.Sleep(5 * time.Millisecond)
		}
		if open := box.busy(); len(open) > 0 && !k.gone() {
			s.tally.lose(box.scope.who, len(open), "idle of %v, of anybody", open)
			box.forget()
		}
	}
}

var goroutineLine = regexp.MustCompile(`(?m)^goroutine \d+`)

// finish ends a kernel in a way, and returns how many goroutines it had if that
// made it list them.
func (s *soak) finish(k *process, how string) (goroutines int) {
	left := descendants(k.pid())
	switch how {
	case "shutdown", "restart":
		var done sync.WaitGroup
		done.Go(func() {
			scope := &scope{tally: s.tally, who: "shutdown of " + k.who}
			defer scope.end()
			front := k.connect(scope)
			r := front.Reply(front.Send(kerneltest.Control, wire.ShutdownRequest, map[string]any{"restart": how == "restart"}))
			if kerneltest.Field(r.Message, "status") != "ok" {
				scope.Errorf("shutdown answers %s", r.Content)
			}
			scope.quit()
		})
		done.Wait()
	case "terminate":
		_ = k.command.Process.Signal(syscall.SIGTERM)
	case "kill":
		_ = k.command.Process.Signal(syscall.SIGKILL)
	case "quit":
		_ = k.command.Process.Signal(syscall.SIGQUIT)
	}
	k.awaitEnd(left)
	if text := k.log.Bytes(); how == "quit" {
		goroutines = len(goroutineLine.FindAll(text, -1))
	} else if len(text) > 0 {
		k.tally.fault(k.who, "the kernel said (%s):\n%s", how, clip(string(text)))
	}
	return goroutines
}
