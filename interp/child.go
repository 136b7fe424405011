package interp

import (
	"io"

	"cuaderno/mpruntime"
)

// headroom is what a child may allocate, at least, between two collections. What a
// child has in its heap is little, and all of it declarations: a collection after as
// much again would come after every few messages of 1 MiB, and cost more than they.
const headroom = 32 << 20

// NewChild returns the host of a process that is to become a child: ready to
// declare and run what its parent sends. Output of the target goes to stdout
// and stderr.
//
// MemoryLimit is that of Options.
func NewChild(stdout, stderr io.Writer, command mpruntime.Command, memoryLimit uint64) (mpruntime.Host, error) {
	e, err := newEvaluator(stdout, stderr, command, memoryLimit)
	if err != nil {
		return nil, err
	}
	e.child = true
	e.headroom = make([]byte, headroom)
	e.redirectLog()
	return e, nil
}
