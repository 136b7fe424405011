//go:build unix

package conformance_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	mp "cuaderno/mpruntime"
)

// programs are what the test binary does in place of the tests when it is
// started with the name of one.
func programs() map[string]func() int {
	return map[string]func() int{
		"forgets a pool": func() int {
			p := mp.NewPool(1)
			fmt.Println(try(mp.Map(p, square, numbers(3))))
			runtime.KeepAlive(p)
			return 0
		},
		"joins for ever": func() int {
			p := mp.NewProcess(func() {
				fmt.Println("child")
				fmt.Println("child:", mp.NewEvent().Wait())
			})
			panicOn(p.Start())
			fmt.Println("Join:", p.Join())
			for p.IsAlive() {
				delay(1)
			}
			code, _ := p.ExitCode()
			fmt.Println(code)
			return 0
		},
		// Has one of everything that could be left over, and says the pids of its
		// processes.
		"holds objects": func() int {
			m, l, a, q := mp.NewSharedMemory("", 10), mp.NewLock(), mp.NewArray[int](1000), mp.NewQueue()
			panicOn(m.Err())
			panicOn(l.Lock())
			panicOn(q.Put(make([]byte, 1<<20)))
			p := mp.NewProcess(func(a *mp.Array[int]) {
				if mp.ParentProcess() != nil {
					panicOn(mp.ParentProcess().Join())
				}
				a.Set(0, 1)
			}, a)
			p.Daemon = true
			panicOn(p.Start())
			fmt.Println(p.PID())
			forever()
			return 0
		},
	}
}

// programVariable is the environment variable with a program's name.
const programVariable = "CONFORMANCE_PROGRAM"

func command(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+name)
	return cmd
}

// program runs one of programs and returns what it wrote.
func program(t *testing.T, name string) (string, error) {
	t.Helper()
	out, err := command(t, name).CombinedOutput()
	return string(out), err
}

// killedProgram kills a program that holds objects and checks that nothing of it
// is left.
func killedProgram(t *testing.T) {
	t.Helper()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		before := sharedFiles(t)
		cmd := command(t, "holds objects")
		out, err := cmd.StdoutPipe()
		ok(t, err)
		ok(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		ok(t, err)
		child, err := strconv.Atoi(strings.TrimSpace(line))
		ok(t, err)
		ok(t, cmd.Process.Signal(sig))
		if err := cmd.Wait(); err == nil {
			t.Errorf("the program ended by itself")
		}
		eventually(t, "the daemon of the program ends", func() bool { return gone(child) })
		if after := sharedFiles(t); !slices.Equal(before, after) {
			t.Errorf("after %v there is %v, before it %v", sig, after, before)
		}
	}
}

// moduleLock is made anew in each process, when the program begins.
var moduleLock = mp.NewLock()

func TestLeftovers(t *testing.T) {
	conform(t, "TestResourceTracker.test_resource_tracker", func(t *testing.T) {
		onLinux(t)
		killedProgram(t)
	})
	conform(t, "TestResourceTracker.test_too_long_name_resource", func(t *testing.T) {
		refused(t, "a very long name", mp.NewSharedMemory(strings.Repeat("a", 5000), 10).Err())
	})
	conform(t, "TestNamedResource.test_global_named_resource_spawn", func(t *testing.T) {
		ok(t, moduleLock.Lock())
		defer moduleLock.Unlock()
		ends(t, run(t, func() {
			panicOn(moduleLock.Lock())
			panicOn(moduleLock.Unlock())
		}))
	})
}

func TestForkBomb(t *testing.T) {
	conform(t, "TestNoForkBomb.test_noforkbomb", func(t *testing.T) {
		out, err := program(t, forkBomb)
		if err == nil || !strings.Contains(out, mp.ErrNoHost.Error()) {
			t.Errorf("%v, %q", err, out)
		}
	})
}

// forkBomb is a program that starts a process without mp.Main.
const forkBomb = "starts a process outside of Main"

func bomb() int {
	if err := mp.NewProcess(func() { fmt.Println(123) }).Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func TestStdin(t *testing.T) {
	conform(t, "TestStdinBadfiledescriptor.test_queue_in_process", func(t *testing.T) {
		ends(t, run(t, func() {
			p := mp.NewProcess(func(q *mp.Queue) { q.TryGet() }, mp.NewQueue())
			p.Daemon = true
			panicOn(p.Start())
			panicOn(p.Join())
		}))
	})
	conform(t, "TestStdinBadfiledescriptor.test_pool_in_process", func(t *testing.T) {
		ends(t, run(t, func() {
			p := mp.NewPool(4)
			if got := try(mp.Map(p, square, []int{1, 2, 3, 4, 5, 6, 7})); !slices.Equal(got, []int{1, 4, 9, 16, 25, 36, 49}) {
				panic(got)
			}
			panicOn(p.Close())
			panicOn(p.Join())
		}))
	})
	conform(t, "TestStdinBadfiledescriptor.test_flushing", func(t *testing.T) {
		out, _ := captured(t)
		w := bufio.NewWriter(os.Stdout)
		w.WriteString("foo\n")
		ends(t, run(t, func() { fmt.Println("child") })) // has no copy of what w holds
		ok(t, w.Flush())
		equal(t, "output", out(), "child\nfoo\n")
	})
}

// mutex is one in each process.
var mutex sync.Mutex

// chain starts a process that starts a process, n deep, while it holds a mutex.
func chain(n int, w *mp.Conn) {
	mutex.Lock()
	defer mutex.Unlock()
	if n == 0 {
		panicOn(w.Send("end"))
		return
	}
	p := mp.NewProcess(chain, n-1, w)
	panicOn(p.Start())
	panicOn(p.Join())
}

func TestGenerations(t *testing.T) {
	conform(t, "TestForkAwareThreadLock.test_lock", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := run(t, chain, 4, w)
		equal(t, "from the last generation", receive[string](t, r), "end")
		ends(t, p)
	})
	conform(t, "TestStartMethod.test_nested_startmethod", func(t *testing.T) {
		q := mp.NewQueue()
		ends(t, run(t, func(q *mp.Queue) {
			panicOn(q.Put(2))
			p := mp.NewProcess(func(q *mp.Queue) { panicOn(q.Put(1)) }, q)
			panicOn(p.Start())
			panicOn(p.Join())
		}, q))
		got := []int{getInt(t, q), getInt(t, q)}
		slices.Sort(got)
		same(t, "items", got, []int{1, 2})
	})
	conform(t, "_TestFinalize.test_finalize", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := daemon(t, func(w *mp.Conn) {
			for _, name := range []string{"e", "d01", "d02"} {
				defer func() { panicOn(w.Send(name)) }()
			}
			panicOn(w.Send("a"))
		}, w)
		ends(t, p)
		for _, want := range []string{"a", "d02", "d01", "e"} {
			equal(t, "finalized", receive[string](t, r), want)
		}
	})
}
