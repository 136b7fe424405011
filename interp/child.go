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
func NewChild(stdout, stderr io.Writer, command mpruntime.Command) (mpruntime.Host, error) {
	e, err := newEvaluator(stdout, stderr, command, 0)
	if err != nil {
		return nil, err
	}
	e.child = true
	e.headroom = make([]byte, headroom)
	e.redirectLog()
	return e, nil
}
