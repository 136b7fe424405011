package interp

import (
	"io"

	"cuaderno/mpruntime"
)

// NewChild returns the host of a process that is to become a child: ready to
// declare and run what its parent sends. Output of the target goes to stdout
// and stderr.
func NewChild(stdout, stderr io.Writer, command mpruntime.Command) (mpruntime.Host, error) {
	e, err := newEvaluator(stdout, stderr, command, 0)
	if err != nil {
		return nil, err
	}
	e.child = true
	e.redirectLog()
	return e, nil
}
