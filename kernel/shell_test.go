package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Of those who delete a subshell at a time one has deleted it.
func TestASubshellIsDeletedOnce(t *testing.T) {
	for range 500 {
		k := &Kernel{shells: []*shell{{id: "a", queue: newQueue()}}}
		var deleted atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if k.retire("a") {
					deleted.Add(1)
				}
			})
		}
		if all.Wait(); deleted.Load() != 1 {
			t.Fatalf("%d have deleted it", deleted.Load())
		}
	}
}
