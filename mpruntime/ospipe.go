package mpruntime

import (
	"os"
)

// OSPipe makes a pipe of the operating system, a stream of bytes without limits
// between messages (Python: os.pipe and os.fdopen). Its ends may be given to other
// processes, as arguments or in values; r reads io.EOF when no process has w open.
func OSPipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, errorf("mp: making a pipe: %w", err)
	}
	return r, w, nil
}
