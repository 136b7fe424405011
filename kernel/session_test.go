package kernel

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"cuaderno/interp/lang"
)

// A mortal is a session that dies of errBoom, or is closed.
type mortal struct {
	lang.Session
	once   sync.Once
	done   chan struct{}
	closed chan struct{} // has a token for each Close
}

var errBoom = errors.New("boom")

func newMortal() *mortal { return &mortal{done: make(chan struct{}), closed: make(chan struct{}, 10)} }

func (m *mortal) die() { m.once.Do(func() { close(m.done) }) }

func (m *mortal) Done() <-chan struct{} { return m.done }
func (m *mortal) Err() error            { return errBoom }
func (m *mortal) Remains() []string     { return []string{"%restore brings back x."} }

func (m *mortal) Close() error {
	m.closed <- struct{}{}
	m.die()
	return nil
}

// keep launches a keeper whose first session is first. The others live.
func keep(t *testing.T, first *mortal, gone func(k *keeper)) (k *keeper, lost chan error) {
	t.Helper()
	lost = make(chan error, 10)
	k = newKeeper(
		func(_ context.Context, previous lang.Session) (lang.Session, error) {
			if previous == nil {
				return first, nil
			}
			return newMortal(), nil
		},
		slog.New(slog.DiscardHandler),
		func(err error, _ []string) { lost <- err },
		func(s lang.Session) {
			if s == first {
				gone(k)
			}
		},
	)
	k.launch(t.Context())
	t.Cleanup(func() { k.close(context.Background()) })
	return k, lost
}

func call(t *testing.T, k *keeper) *lease {
	t.Helper()
	l, err := k.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// told checks that people have been told once that the session died of boom.
func told(t *testing.T, lost chan error) {
	t.Helper()
	if len(lost) != 1 || <-lost != errBoom {
		t.Error("people were not told once of what the session died")
	}
}

// A cell that comes at the moment at which the session dies is as good as its
// death to replace, to tell of, and to close it.
func TestACellFindsTheSessionDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := newMortal()
		k, lost := keep(t, first, func(k *keeper) { k.release(call(t, k)) }) // before the keeper knows
		k.release(call(t, k))
		first.die()
		synctest.Wait()
		told(t, lost)
		if len(first.closed) != 1 {
			t.Errorf("the dead session was closed %d times", len(first.closed))
		}
	})
}

// A cell in another shell finds the session dead in which a cell still runs: that
// one is told of what it died, and what remains.
func TestASubshellFindsTheSessionDead(t *testing.T) {
	for name, finish := range map[string]func(t *testing.T, k *keeper, l *lease, lost chan error){
		"the first cell sees it": func(t *testing.T, k *keeper, l *lease, lost chan error) {
			t.Helper()
			e := k.replace(l)
			if !e.replaced || e.first || !e.untold || e.err != errBoom || len(e.remains) != 1 {
				t.Errorf("the cell is told %+v", e)
			}
			if len(lost) != 0 {
				t.Error("the end was told twice")
			}
		},
		"the first cell has ended before": func(t *testing.T, k *keeper, l *lease, lost chan error) {
			t.Helper()
			k.release(l)
			synctest.Wait()
			told(t, lost)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := newMortal()
				k, lost := keep(t, first, func(*keeper) {})
				runs := call(t, k)
				first.die()
				beside := call(t, k)
				if beside.session == lang.Session(first) {
					t.Error("the second cell runs in the dead session")
				}
				k.release(beside)
				finish(t, k, runs, lost)
				synctest.Wait()
				if len(first.closed) != 1 {
					t.Errorf("the dead session was closed %d times", len(first.closed))
				}
			})
		})
	}
}
