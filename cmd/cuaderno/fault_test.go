//go:build linux

package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cuaderno/kernel/kerneltest"
)

// seed makes the moments of an earlier run again, as far as the machine does.
var seed = flag.Uint64("seed", 0, "seed of the random moments; 0 for another one each time")

// randomMoments chooses when a process is killed.
type randomMoments struct{ *rand.Rand }

func moments(t *testing.T) randomMoments {
	t.Helper()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("moments of -seed %d", s)
	return randomMoments{rand.New(rand.NewPCG(s, 0))}
}

// pass lets a time pass, of at most so many milliseconds.
func (r randomMoments) pass(most int) {
	time.Sleep(time.Duration(r.IntN(most*1000)) * time.Microsecond)
}

// in is the same kernel in a subtest.
func (k *served) in(t *testing.T) *served {
	t.Helper()
	other := *k
	other.t = t
	return &other
}

// forget lets go of global variables.
func (k *served) forget(vars string) {
	k.t.Helper()
	var code strings.Builder
	for name := range strings.SplitSeq(vars, ", ") {
		if name != "" {
			fmt.Fprintf(&code, "%s = nil\n", name)
		}
	}
	if code.Len() > 0 {
		k.ok(code.String())
	}
}

// settle brings the idle helpers of the session to their greatest number, so that
// the descriptors of the session can be compared, and returns how many it has.
func (k *served) settle() int {
	k.t.Helper()
	want := 2 + runtime.NumCPU()
	for end := time.Now().Add(kerneltest.Limit); ; {
		k.ok(fmt.Sprintf(`
func() {
	var ps []*mp.Process
	for range %d { ps = append(ps, mp.NewProcess(func() {})) }
	for _, p := range ps { if err := p.Start(); err != nil { panic(err) } }
	for _, p := range ps { p.Join() }
}()`, want+4))
		for soon := time.Now().Add(3 * time.Second); time.Now().Before(soon); time.Sleep(5 * time.Millisecond) {
			if len(processes(k.t, childrenOf(k.group))) == want {
				return k.descriptors()
			}
		}
		if time.Now().After(end) {
			k.t.Fatalf("the session never has %d helpers: %+v", want, processes(k.t, childrenOf(k.group)))
		}
	}
}

// descriptors counts what the session has open.
func (k *served) descriptors() int {
	k.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", k.group))
	if err != nil {
		k.t.Fatal(err)
	}
	return len(entries)
}

// awaitNoMore waits until the session has no children but idle helpers, and no more
// descriptors than before.
func (k *served) awaitNoMore(before int) {
	k.t.Helper()
	most := 2 + runtime.NumCPU()
	for end := time.Now().Add(kerneltest.Limit); ; time.Sleep(10 * time.Millisecond) {
		active := k.number("func() int { runtime.GC(); return len(mp.ActiveChildren()) }()")
		children := processes(k.t, childrenOf(k.group))
		zombies := slices.DeleteFunc(slices.Clone(children), running.alive)
		if active == 0 && k.descriptors() <= before && len(children) <= most && len(zombies) == 0 {
			return
		}
		if time.Now().After(end) {
			names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", k.group))
			for i, name := range names {
				names[i], _ = os.Readlink(name)
			}
			slices.Sort(names)
			k.t.Fatalf("%d descriptors, %d before; children %+v\n%s", k.descriptors(), before, children, strings.Join(names, "\n"))
		}
	}
}

// serveIn starts a kernel whose temporary files are in a directory of its own, and
// checks in the end that none of them is left, nor any in /dev/shm.
func serveIn(t *testing.T) *served {
	t.Helper()
	dir, err := os.MkdirTemp("", "f") //nolint:usetesting // the path of a socket in it must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	shared := files(t, "/dev/shm")
	t.Cleanup(func() {
		if left := files(t, dir); len(left) > 0 {
			t.Errorf("temporary files are left: %v", left)
		}
		if left := files(t, "/dev/shm"); !slices.Equal(left, shared) {
			t.Errorf("in /dev/shm: %v, before %v", left, shared)
		}
		_ = os.RemoveAll(dir)
	})
	return serve(t)
}

// files lists a directory, without what CPython has there.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "sem.") && !strings.HasPrefix(e.Name(), "psm_") {
			names = append(names, e.Name())
		}
	}
	return names
}
