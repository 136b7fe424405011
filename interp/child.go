package interp

import (
	"io"

	"cuaderno/mpruntime"
)

// NewChild returns the host of a process that is to become a child: ready to
// declare and run what its parent sends. Output of the target goes to stdout
// and stderr.
func NewChild(stdout, stderr io.Writer, command mpruntime.Command) mpruntime.Host {
	e := newEvaluator(stdout, stderr, command)
	e.redirectLog()
	// A child that waits for its work has the time; its parent will not. What
	// goes wrong here goes wrong again, with somebody to tell, when it has work.
	_ = e.engine.Prepare("fmt", "os", "sync", "time", "cuaderno/mpruntime")
	return e
}
