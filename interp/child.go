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
	e.redirectLog()
	// A child that waits for its work has the time; its parent will not. What
	// goes wrong here goes wrong again, with somebody to tell, when it has work.
	_, _ = e.importer.Import("cuaderno/mpruntime")
	if unit, _, err := e.load(0, 0, warmUp, false, nil); err == nil {
		unit.Rollback()
	}
	return e, nil
}

// warmUp uses what most targets use.
const warmUp = `func warmUpʹ() { fmt.Println(os.Getpid(), time.Now()); var mu sync.Mutex; mu.Lock(); }`
