//go:build unix

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cuaderno/internal/shm"
)

// generous bounds the wait for an event that comes at once.
const generous = 30 * time.Second

// Layout of the regions of these tests.
const (
	mutexAt     = 0
	reentrantAt = 64
	semaphoreAt = 128
	wordAt      = 192
	countAt     = 256
	readyAt     = 320
	regionSize  = 4096
)

// TestMain is also the second process: its region is descriptor 3.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "other" {
		os.Exit(m.Run())
	}
	r, err := shm.Open(os.NewFile(3, "region"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	others[os.Args[2]](r)
	os.Exit(0)
}

var others = map[string]func(r *shm.Region){
	"count":   func(r *shm.Region) { count(r, 20_000) },
	"million": func(r *shm.Region) { count(r, 1_000_000) },
	"hold": func(r *shm.Region) {
		m := r.Mutex(mutexAt)
		if _, err := m.Lock(context.Background(), time.Time{}); err != nil {
			os.Exit(2)
		}
		ready(r)
		time.Sleep(time.Hour) // until it is killed
	},
	"release": func(r *shm.Region) { r.Semaphore(semaphoreAt).Release(3, 100) },
	"wait": func(r *shm.Region) {
		ready(r)
		w := r.Word(wordAt)
		for w.Load() == 0 {
			if err := w.Wait(context.Background(), 0, time.Now().Add(generous)); err != nil {
				os.Exit(2)
			}
		}
	},
}

// count increments a plain counter n times under the mutex.
func count(r *shm.Region, n int) {
	m, total := r.Mutex(mutexAt), (*uint64)(r.Pointer(countAt, 8))
	for range n {
		if _, err := m.Lock(context.Background(), time.Time{}); err != nil {
			os.Exit(2)
		}
		*total++
		m.Unlock()
	}
	runtime.KeepAlive(r)
}

func ready(r *shm.Region) {
	r.Word(readyAt).Store(1)
	r.Word(readyAt).WakeAll()
}

func awaitReady(t testing.TB, r *shm.Region) {
	t.Helper()
	for r.Word(readyAt).Load() == 0 {
		if err := r.Word(readyAt).Wait(context.Background(), 0, time.Now().Add(generous)); err != nil {
			t.Fatal("the other process is not ready:", err)
		}
	}
}

func region(t testing.TB) *shm.Region {
	t.Helper()
	r, err := shm.New(regionSize)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// other starts a process that does what others has under name.
func other(t testing.TB, r *shm.Region, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "other", name)
	cmd.ExtraFiles = []*os.File{r.File()}
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func ended(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func soon() time.Time { return time.Now().Add(generous) }

func TestMutexBetweenProcesses(t *testing.T) {
	r := region(t)
	a, b := other(t, r, "count"), other(t, r, "count")
	var own sync.WaitGroup
	for range 2 {
		own.Go(func() { count(r, 20_000) })
	}
	own.Wait()
	ended(t, a)
	ended(t, b)
	if got := r.Uint64(countAt).Load(); got != 80_000 {
		t.Errorf("counted to %d, want 80000", got)
	}
}

func TestMutexOfAKilledProcess(t *testing.T) {
	for _, how := range []string{"Lock", "TryLock"} {
		for _, reaped := range []bool{true, false} {
			t.Run(fmt.Sprint(how, " reaped ", reaped), func(t *testing.T) {
				r := region(t)
				holder := other(t, r, "hold")
				awaitReady(t, r)
				m := r.Mutex(mutexAt)
				if _, err := m.Lock(context.Background(), time.Now().Add(100*time.Millisecond)); !errors.Is(err, shm.ErrTimeout) {
					t.Fatalf("locked what another holds: %v", err)
				}
				if err := holder.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				if reaped {
					_ = holder.Wait() // killed
				} else {
					defer holder.Wait()
				}
				var died shm.Owner
				if how == "Lock" {
					var err error
					if died, err = m.Lock(context.Background(), soon()); err != nil {
						t.Fatal(err)
					}
				} else {
					ok := false
					for limit := soon(); !ok && time.Now().Before(limit); ok, died = m.TryLock() {
						runtime.Gosched()
					}
				}
				if died.PID() != holder.Process.Pid || !m.Mine() {
					t.Errorf("taken from %d, mine %v; want %d", died.PID(), m.Mine(), holder.Process.Pid)
				}
				if !m.Unlock() || m.Unlock() {
					t.Error("Unlock does not tell whether the mutex was held")
				}
			})
		}
	}
}

func TestMutexIsInterrupted(t *testing.T) {
	r := region(t)
	m := r.Mutex(mutexAt)
	if ok, _ := m.TryLock(); !ok {
		t.Fatal("a new mutex is held")
	}
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	result := make(chan error)
	go func() {
		_, err := m.Lock(ctx, time.Time{})
		result <- err
	}()
	cancel(cause)
	select {
	case err := <-result:
		if err != cause {
			t.Errorf("got %v, want the cause", err)
		}
	case <-time.After(generous):
		t.Fatal("an interrupt does not end Lock")
	}
}

func TestReentrant(t *testing.T) {
	r := region(t)
	m := r.Reentrant(reentrantAt, shm.Goroutine)
	background := context.Background()
	for range 3 {
		if _, err := m.Lock(background, soon()); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := func(f func()) {
		done := make(chan struct{})
		go func() { f(); close(done) }()
		<-done
	}
	elsewhere(func() {
		if ok, _ := m.TryLock(); ok {
			t.Error("another goroutine entered")
		}
	})
	if depth := m.Leave(); depth != 3 {
		t.Errorf("left a depth of %d, want 3", depth)
	}
	elsewhere(func() {
		if ok, _ := m.TryLock(); !ok || !m.Unlock() {
			t.Error("after Leave the mutex is still held")
		}
	})
	if _, err := m.Return(background, 3); err != nil {
		t.Error(err)
	}
	for range 3 {
		if !m.Unlock() {
			t.Fatal("released too early")
		}
	}
	if m.Unlock() || m.Mine() {
		t.Error("a mutex that nobody holds was released")
	}
}

func TestSemaphoreBetweenProcesses(t *testing.T) {
	r := region(t)
	s := r.Semaphore(semaphoreAt)
	if s.TryAcquire() {
		t.Fatal("a new semaphore has a permit")
	}
	cmd := other(t, r, "release")
	for range 3 {
		if err := s.Acquire(context.Background(), soon()); err != nil {
			t.Fatal(err)
		}
	}
	ended(t, cmd)
	if err := s.Acquire(context.Background(), time.Now().Add(time.Millisecond)); !errors.Is(err, shm.ErrTimeout) {
		t.Errorf("a fourth permit: %v", err)
	}
	if !s.Release(2, 2) || s.Release(1, 2) || s.Count() != 2 {
		t.Errorf("the bound of 2 does not hold: %d permits", s.Count())
	}
}

func TestWordWakesAnotherProcess(t *testing.T) {
	r := region(t)
	cmd := other(t, r, "wait")
	awaitReady(t, r)
	r.Word(wordAt).Store(1)
	r.Word(wordAt).WakeAll()
	ended(t, cmd)
}

func TestManyGoroutinesWait(t *testing.T) {
	r := region(t)
	w := r.Word(wordAt)
	var all sync.WaitGroup
	var late atomic.Int32
	for range 3000 {
		all.Go(func() {
			for limit := soon(); w.Load() == 0; {
				if w.Wait(context.Background(), 0, limit) != nil {
					late.Add(1)
					return
				}
			}
		})
	}
	w.Store(1)
	w.WakeAll()
	all.Wait()
	if late.Load() > 0 {
		t.Errorf("%d goroutines missed the change", late.Load())
	}
}

func TestOwnerAlive(t *testing.T) {
	if !shm.Self().Alive() || shm.Self().PID() != os.Getpid() {
		t.Error("this process does not know itself")
	}
	if shm.Owner(0).Alive() {
		t.Error("nobody is alive")
	}
	if runtime.GOOS == "linux" {
		if again := shm.Self() ^ 1<<40; again.Alive() {
			t.Error("a process that started at another time is taken for this one")
		}
	}
}

func TestRegion(t *testing.T) {
	for _, size := range []int{0, -1, 1 << 62} {
		if _, err := shm.New(size); err == nil {
			t.Errorf("made %d bytes", size)
		}
	}
	r := region(t)
	kept := r.Bytes()
	kept[0] = 7
	file, err := syscall.Dup(int(r.File().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	same, err := shm.Open(os.NewFile(uintptr(file), "same"))
	if err != nil {
		t.Fatal(err)
	}
	if got := same.Bytes()[0]; got != 7 || same.Size() != regionSize {
		t.Errorf("opened again: %d in %d bytes", got, same.Size())
	}
	if runtime.GOOS == "linux" {
		if err := same.File().Truncate(10); err == nil {
			t.Error("memory that others have mapped was made smaller")
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	kept[1] = 9 // does not fault
	if got := same.Bytes()[1]; runtime.GOOS == "linux" && got != 0 {
		t.Error("what was lent is still shared after Close")
	}
	if err := r.Close(); err == nil {
		t.Error("closed twice")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shm.Open(null); err == nil {
		t.Error("opened a device as memory")
	}
}

func TestForgottenRegionsAreUnmapped(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux lists the mappings of a process")
	}
	mappings := func() int {
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(maps), "memfd:cuaderno")
	}
	before := mappings()
	for range 50 {
		region(t).Mutex(mutexAt).Unlock()
	}
	for limit := soon(); mappings() > before; {
		runtime.GC()
		if time.Now().After(limit) {
			t.Fatalf("%d mappings are left of 50", mappings()-before)
		}
	}
}

// BenchmarkMutexAlone is a lock, an increment and an unlock.
func BenchmarkMutexAlone(b *testing.B) {
	r := region(b)
	b.ResetTimer()
	count(r, b.N)
}

// BenchmarkMutexContended is the same while another process does it as well; the
// time is that of all increments.
func BenchmarkMutexContended(b *testing.B) {
	for b.Loop() {
		r := region(b)
		cmd := other(b, r, "million")
		for r.Uint64(countAt).Load() == 0 {
			runtime.Gosched()
		}
		start := time.Now()
		count(r, 1_000_000)
		ended(b, cmd)
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/2e6, "ns/add")
	}
}
