//go:build unix

package mpruntime

import (
	"errors"
	"testing"
	"time"

	"cuaderno/internal/shm"
)

// An owner that is no process.
const nobody = uint64(1<<40 | 4190000)

func TestRowOfAKilledReclaimer(t *testing.T) {
	if shm.Owner(nobody).Alive() {
		t.Skip("the system does not tell who has ended")
	}
	q := NewQueue(1)
	defer q.Close()
	q.owner(5).Store(nobody | reclaiming)
	q.pending(5).Store(1)
	q.items.Store(1)
	if err := q.PutTimeout(1, 30*time.Second); err != nil {
		t.Errorf("the only item was lost with its putter: %v", err)
	}
	if err := q.TryPut(2); !errors.Is(err, ErrFull) {
		t.Errorf("a second item: %v", err)
	}
}
