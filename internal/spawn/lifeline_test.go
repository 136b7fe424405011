//go:build unix

package spawn_test

import (
	"strconv"
	"syscall"
	"testing"

	"cuaderno/internal/spawn"
)

func TestLifelineTakesTheTree(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		r, w, err := spawn.NewLifeline()
		if err != nil {
			t.Fatal(err)
		}
		out := newRecord()
		p := start(t, spawn.Spec{Group: true, Lifeline: r, Stdout: out.add}, "parent", "stubborn")
		r.Close()
		grandchild, err := strconv.Atoi(out.lines(t, 1)[0])
		if err != nil {
			t.Fatal(err)
		}
		if stopped {
			syscall.Kill(grandchild, syscall.SIGSTOP)
		}
		w.Close()
		await(t, p.Done(), "the end of the tree's first process")
		if code, _ := p.State(); code != -int(syscall.SIGKILL) {
			t.Errorf("code %d", code)
		}
		awaitGone(t, grandchild)
	}
}

func TestLifelineWithStoppedLeader(t *testing.T) {
	r, w, err := spawn.NewLifeline()
	if err != nil {
		t.Fatal(err)
	}
	out := newRecord()
	p := start(t, spawn.Spec{Group: true, Lifeline: r, Stdout: out.add}, "parent", "forever")
	r.Close()
	grandchild, err := strconv.Atoi(out.lines(t, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	p.Signal(syscall.SIGSTOP)
	w.Close()
	await(t, p.Done(), "the end of a stopped process")
	awaitGone(t, grandchild)
}

func TestSignalGroup(t *testing.T) {
	out := newRecord()
	p := start(t, spawn.Spec{Group: true, Stdout: out.add}, "parent", "forever")
	grandchild, err := strconv.Atoi(out.lines(t, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SignalGroup(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, p.Done(), "the end of the leader")
	awaitGone(t, grandchild)

	alone := start(t, spawn.Spec{}, "exit", "0")
	if err := alone.SignalGroup(syscall.SIGKILL); err == nil {
		t.Error("signalled the group of a process that leads none")
	}
}
