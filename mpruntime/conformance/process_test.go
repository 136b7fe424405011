//go:build unix

package conformance_test

import (
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func TestProcess(t *testing.T) {
	conform(t, "_TestProcess.test_current", func(t *testing.T) {
		self := mp.CurrentProcess()
		if _, ended := self.ExitCode(); !self.IsAlive() || self.Daemon || ended {
			t.Errorf("%v: alive %v, daemon %v, ended %v", self, self.IsAlive(), self.Daemon, ended)
		}
		equal(t, "PID", self.PID(), os.Getpid())
	})
	conform(t, "_TestProcess.test_args_argument", func(t *testing.T) {
		for _, arg := range []any{1, "str", []int{1}, [1]int{1}, nil, map[string]any{"a": 1.5}} {
			r, w := mp.NewOneWayPipe()
			p := daemon(t, func(w *mp.Conn, arg any) { panicOn(w.Send(arg)) }, w, arg)
			got, err := r.RecvTimeout(generous)
			ok(t, err)
			if !reflect.DeepEqual(got, arg) {
				t.Errorf("%#v arrives as %#v", arg, got)
			}
			ends(t, p)
		}
	})
	conform(t, "_TestProcess.test_daemon_argument", func(t *testing.T) {
		equal(t, "by default", mp.NewProcess(forever).Daemon, mp.CurrentProcess().Daemon)
		r, w := mp.NewOneWayPipe()
		p := daemon(t, func(w *mp.Conn) {
			panicOn(w.Send([]bool{mp.CurrentProcess().Daemon, mp.NewProcess(forever).Daemon}))
		}, w)
		if got := receive[[]bool](t, r); !slices.Equal(got, []bool{true, true}) {
			t.Errorf("in a daemon: itself and what it makes %v", got)
		}
		ends(t, p)
	})
	conform(t, "_TestProcess.test_parent_process_attributes", func(t *testing.T) {
		if mp.ParentProcess() != nil {
			t.Error("MainProcess has a parent")
		}
		r, w := mp.NewOneWayPipe()
		ends(t, run(t, func(w *mp.Conn) {
			panicOn(w.Send([]any{mp.ParentProcess().PID(), mp.ParentProcess().Name}))
		}, w))
		got := receive[[]any](t, r)
		if got[0] != os.Getpid() || got[1] != mp.CurrentProcess().Name {
			t.Errorf("the parent is %v", got)
		}
	})
	conform(t, "_TestProcess.test_parent_process", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := run(t, func(w *mp.Conn) {
			panicOn(mp.NewProcess(func(w *mp.Conn) {
				panicOn(w.Send(mp.ParentProcess().IsAlive()))
				panicOn(mp.ParentProcess().Join())
				panicOn(w.Send(mp.ParentProcess().IsAlive()))
			}, w).Start())
			forever()
		}, w)
		equal(t, "the parent lives", receive[bool](t, r), true)
		ok(t, p.Terminate())
		join(t, p)
		equal(t, "the parent lives", receive[bool](t, r), false)
	})
	conform(t, "_TestProcess.test_process", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		gateR, gateW := mp.NewOneWayPipe()
		p := mp.NewProcess(func(w, gate *mp.Conn, options map[string]any, args ...int) {
			panicOn(w.Send(args))
			panicOn(w.Send(options))
			panicOn(w.Send(mp.CurrentProcess().Name))
			panicOn(w.Send(mp.CurrentProcess().PID()))
			try(gate.Recv())
		}, w, gateR, map[string]any{"hello": 23, "bye": 2.54}, 1, 2)
		p.Name, p.Daemon = "SomeProcess", true
		_, ended := p.ExitCode()
		if p.IsAlive() || ended || p.PID() != 0 || slices.Contains(mp.ActiveChildren(), p) {
			t.Errorf("before its start: %v", p)
		}
		ok(t, p.Start())
		_, ended = p.ExitCode()
		if !p.IsAlive() || ended || !slices.Contains(mp.ActiveChildren(), p) {
			t.Errorf("after its start: %v", p)
		}
		if args := receive[[]int](t, r); !slices.Equal(args, []int{1, 2}) {
			t.Errorf("arguments %v", args)
		}
		if options := receive[map[string]any](t, r); !reflect.DeepEqual(options, map[string]any{"hello": 23, "bye": 2.54}) {
			t.Errorf("options %v", options)
		}
		equal(t, "its name", receive[string](t, r), "SomeProcess")
		equal(t, "its pid", receive[int](t, r), p.PID())
		ok(t, gateW.Send(nil))
		ends(t, p)
		if p.IsAlive() || slices.Contains(mp.ActiveChildren(), p) {
			t.Errorf("after its end: %v", p)
		}
	})
	ended := func(end func(*mp.Process) error, want syscall.Signal) func(t *testing.T) {
		return func(t *testing.T) {
			p := daemon(t, forever)
			if _, ended := p.ExitCode(); ended || !p.IsAlive() || !slices.Contains(mp.ActiveChildren(), p) {
				t.Errorf("running: %v", p)
			}
			if p.JoinTimeout(0) || p.JoinTimeout(-1) || !p.IsAlive() {
				t.Error("joined")
			}
			ok(t, end(p))
			equal(t, "exit code", join(t, p), -int(want))
			if p.IsAlive() || slices.Contains(mp.ActiveChildren(), p) {
				t.Errorf("ended: %v", p)
			}
			ok(t, p.Join())
		}
	}
	conform(t, "_TestProcess.test_terminate", ended((*mp.Process).Terminate, syscall.SIGTERM))
	conform(t, "_TestProcess.test_kill", ended((*mp.Process).Kill, syscall.SIGKILL))
	conform(t, "_TestProcess.test_cpu_count", func(t *testing.T) {
		if n := mp.CPUCount(); n < 1 {
			t.Errorf("%d processors", n)
		}
	})
	conform(t, "_TestProcess.test_active_children", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := mp.NewProcess(func(r *mp.Conn) { try(r.Recv()) }, r)
		if slices.Contains(mp.ActiveChildren(), p) {
			t.Error("active before its start")
		}
		p.Daemon = true
		ok(t, p.Start())
		if !slices.Contains(mp.ActiveChildren(), p) {
			t.Error("not active")
		}
		ok(t, w.Send(nil))
		ends(t, p)
		if slices.Contains(mp.ActiveChildren(), p) {
			t.Error("active after its end")
		}
	})
	conform(t, "_TestProcess.test_recursion", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		recursion(w, []int{})
		want := [][]int{{}, {0}, {0, 0}, {0, 1}, {1}, {1, 0}, {1, 1}}
		for _, path := range want {
			if got := receive[[]int](t, r); !slices.Equal(got, path) {
				t.Errorf("%v, want %v", got, path)
			}
		}
		equal(t, "more", r.Poll(0), false)
	})
	conform(t, "_TestProcess.test_close", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := daemon(t, func(r *mp.Conn) { try(r.Recv()) }, r)
		refused(t, "closing a process that runs", p.Close())
		ok(t, w.Send(nil))
		ends(t, p)
		ok(t, p.Close())
		is(t, p.Join(), mp.ErrClosed)
		is(t, p.Terminate(), mp.ErrClosed)
		ok(t, p.Close())
		equal(t, "alive", p.IsAlive(), false)
	})
	conform(t, "_TestProcess.test_many_processes", func(t *testing.T) {
		n := 30
		if testing.Short() {
			n = 5
		}
		var all []*mp.Process
		for range n {
			all = append(all, run(t, time.Sleep, 10*time.Millisecond))
		}
		ends(t, all...)
		all = nil
		for range n {
			all = append(all, run(t, forever))
		}
		for _, p := range all {
			ok(t, p.Terminate())
		}
		for _, p := range all {
			equal(t, "exit code", join(t, p), -int(syscall.SIGTERM))
		}
	})
	conform(t, "_TestProcess.test_lose_target_ref", func(t *testing.T) {
		freed := make(chan struct{})
		r, w := mp.NewOneWayPipe()
		p := func() *mp.Process {
			c := &callable{w: w}
			runtime.AddCleanup(c, func(done chan struct{}) { close(done) }, freed)
			return run(t, c)
		}()
		ends(t, p)
		eventually(t, "the target is freed", func() bool {
			runtime.GC()
			select {
			case <-freed:
				return true
			default:
				return false
			}
		})
		equal(t, "what it sent", receive[int](t, r), 5)
		runtime.KeepAlive(p)
	})
	conform(t, "_TestProcess.test_child_fd_inflation", func(t *testing.T) {
		onLinux(t)
		r, w := mp.NewOneWayPipe()
		gateR, gateW := mp.NewOneWayPipe()
		var all []*mp.Process
		for range 5 {
			all = append(all, run(t, func(w, gate *mp.Conn) {
				panicOn(w.Send(openFiles()))
				try(gate.Recv())
			}, w, gateR))
		}
		first := receive[int](t, r)
		for range all[1:] {
			equal(t, "descriptors of another child", receive[int](t, r), first)
		}
		for range all {
			ok(t, gateW.Send(nil))
		}
		ends(t, all...)
	})
	conform(t, "_TestProcess.test_error_on_stdio_flush_1", func(t *testing.T) {
		stdout, stderr := os.Stdout, os.Stderr
		defer func() { os.Stdout, os.Stderr = stdout, stderr }()
		closed, err := os.Open(os.DevNull)
		ok(t, err)
		closed.Close()
		os.Stdout, os.Stderr = closed, closed
		ends(t, run(t, func() {
			os.Stdout.WriteString("lost\n")
			os.Stderr.WriteString("lost\n")
		}))
	})
	conform(t, "_TestProcess.test_error_on_stdio_flush_2", func(t *testing.T) {
		ends(t, run(t, func() { os.Stdout.Close() }), run(t, func() { os.Stderr.Close() }),
			run(t, func() { os.Stdout = nil }), run(t, func() { os.Stderr = nil }))
	})
	death := func(sig syscall.Signal) func(t *testing.T) {
		return func(t *testing.T) {
			gateR, gateW := mp.NewOneWayPipe()
			p := run(t, func(r *mp.Conn) { try(r.Recv()) }, gateR)
			mp.Prepare()
			var idle []int
			eventually(t, "there is a process that waits for its work", func() bool {
				idle = slices.DeleteFunc(systemChildren(t), func(pid int) bool { return pid == p.PID() })
				return len(idle) > 0
			})
			for _, pid := range idle {
				ok(t, syscall.Kill(pid, sig))
			}
			for _, pid := range idle { // those that do not survive it are found out
				after := 0
				eventually(t, "the signal has been taken, and an end noticed", func() bool {
					if syscall.Kill(pid, 0) == syscall.ESRCH || sig == syscall.SIGINT {
						after++
					}
					return after > 50
				})
			}
			ends(t, run(t, func() {}), run(t, func() {}), run(t, func() {}))
			ok(t, gateW.Send(nil))
			ends(t, p)
		}
	}
	conform(t, "_TestProcess.test_forkserver_sigint", death(syscall.SIGINT))
	conform(t, "_TestProcess.test_forkserver_sigkill", death(syscall.SIGKILL))
}

type callable struct{ w *mp.Conn }

func (c *callable) Run() { panicOn(c.w.Send(5)) }

// recursion sends the path of a process in a tree of three levels.
func recursion(w *mp.Conn, path []int) {
	panicOn(w.Send(path))
	if len(path) < 2 {
		for i := range 2 {
			p := mp.NewProcess(recursion, w, append(slices.Clone(path), i))
			panicOn(p.Start())
			panicOn(p.Join())
		}
	}
}

// An upperCaser is a process with a pipe to itself.
type upperCaser struct{ theirs, ours *mp.Conn }

func newUpperCaser() *upperCaser {
	u := &upperCaser{}
	u.theirs, u.ours = mp.NewPipe()
	return u
}

func (u *upperCaser) Run() {
	panicOn(u.ours.Close())
	for {
		v := try(u.theirs.Recv())
		if v == nil {
			panicOn(u.theirs.Close())
			return
		}
		panicOn(u.theirs.Send(strings.ToUpper(v.(string))))
	}
}

func TestSubclassing(t *testing.T) {
	conform(t, "_TestSubclassingProcess.test_subclassing", func(t *testing.T) {
		u := newUpperCaser()
		p := daemon(t, u)
		for _, word := range []string{"hello", "world"} {
			ok(t, u.ours.Send(word))
			equal(t, "upper case", receive[string](t, u.ours), strings.ToUpper(word))
		}
		ok(t, u.ours.Send(nil))
		ok(t, u.ours.Close())
		ok(t, u.theirs.Close())
		ends(t, p)
	})
	conform(t, "_TestSubclassingProcess.test_stderr_flush", func(t *testing.T) {
		_, errs := captured(t)
		zero := 0
		equal(t, "exit code", join(t, run(t, divideMARKER, zero)), 1)
		for _, part := range []string{"integer divide by zero", "process_test.go:", "divideMARKER"} {
			if !strings.Contains(errs(), part) {
				t.Errorf("no %q in %q", part, errs())
			}
		}
	})
	conform(t, "_TestSubclassingProcess.test_sys_exit", func(t *testing.T) {
		_, errs := captured(t)
		equal(t, "panic with a list", join(t, daemon(t, func() { panic([]int{1, 2, 3}) })), 1)
		if !strings.Contains(errs(), "[1 2 3]") {
			t.Errorf("stderr %q", errs())
		}
		for _, code := range []int{0, 1, 8} {
			equal(t, "exit code", join(t, daemon(t, os.Exit, code)), code)
		}
		equal(t, "code of a return", join(t, daemon(t, func() {})), 0)
		equal(t, "code of runtime.Goexit", join(t, daemon(t, runtime.Goexit)), 0)
	})
}

func divideMARKER(n int) { println(1 / n) }
