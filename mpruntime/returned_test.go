//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	mp "cuaderno/mpruntime"
)

func fails(n int) (int, error) {
	if n > 0 {
		return n, errors.New("disk full")
	}
	return n, nil
}

// saving is a target that is a value.
type saving struct{ To string }

func (s *saving) Run() error { return fmt.Errorf("%s: no space", s.To) }

func TestTargetThatReturnsAnError(t *testing.T) {
	for _, test := range []struct {
		p    *mp.Process
		code int
		text string
	}{
		{mp.NewProcess(fails, 1), 1, "disk full"},
		{mp.NewProcess(fails, 0), 0, ""},
		{mp.NewProcess(&saving{"disk"}), 1, "disk: no space"},
	} {
		_, _, errs := inCell(t, context.Background())
		if err := test.p.Start(); err != nil {
			t.Fatal(err)
		}
		if code := join(t, test.p); code != test.code {
			t.Errorf("exit code %d, want %d", code, test.code)
		}
		want := ""
		if test.text != "" {
			want = fmt.Sprintf("%s (pid %d): %s\n", test.p.Name, test.p.PID(), test.text)
		}
		if got := errs.String(); got != want {
			t.Errorf("stderr %q, want %q", got, want)
		}
	}
}

func TestFailedConstructorIsTold(t *testing.T) {
	_, _, errs := inCell(t, context.Background())
	v := mp.NewValue("hola")
	if got := errs.String(); got != v.Err().Error()+"\n" {
		t.Errorf("stderr %q, and the error is %v", got, v.Err())
	}
}

// What an object says of itself waits for nobody: here another goroutine has the
// locks.
func TestTextsDoNotWait(t *testing.T) {
	l, a := mp.NewLock(), mp.NewArrayOf(1, 2)
	taken := make(chan error)
	go func() { taken <- errors.Join(l.Lock(), a.Lock()) }()
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("<Lock owner=%s (pid %d)> <Array [1 2]>", mp.CurrentProcess().Name, mp.CurrentProcess().PID())
	if got := fmt.Sprint(l, " ", a); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, unmade := range []fmt.Stringer{
		new(mp.Lock), new(mp.RLock), new(mp.Semaphore), new(mp.BoundedSemaphore), new(mp.Condition), new(mp.Barrier),
		new(mp.Queue), new(mp.JoinableQueue), new(mp.SimpleQueue), new(mp.Conn), new(mp.RawValue[int]), new(mp.RawArray[int]),
	} {
		if text := unmade.String(); text == "" {
			t.Errorf("%T says nothing", unmade)
		}
	}
}
