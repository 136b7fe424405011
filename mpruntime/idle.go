package mpruntime

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"cuaderno/internal/frame"
)

// A Warmer is a [Host] that can get ready for its work while its helper waits for
// it.
type Warmer interface {
	// Warm is called when there may be something new to get ready for. It returns
	// early when busy reports that the work has come.
	Warm(busy func() bool)
}

// Declared tells the idle helpers that the program has declared something which
// their work may use. It returns at once and costs nothing where there are none.
func Declared() { here.stock.warm() }

// A delivery is a message on the control connection of an idle helper.
type delivery struct {
	payload []byte
	files   []*os.File
	err     error
}

// settled is how long after it got ready an idle helper gives back memory.
const settled = 50 * time.Millisecond

// awaitWork returns the boot message of a helper that idles until then.
func awaitWork(conn *frame.Conn, host Host) delivery {
	boot := make(chan delivery, 1)
	wake := make(chan struct{}, 1)
	// The goroutine ends with the boot message, or with the connection, which ends
	// the helper.
	go func() {
		for {
			kind, payload, err := conn.Read()
			switch {
			case err == nil && kind == kindWarm:
				select {
				case wake <- struct{}{}:
				default:
				}
				continue
			case err == nil && kind != kindBoot:
				err = fmt.Errorf("a helper was sent a message of kind %d instead of its work", kind)
			}
			boot <- delivery{payload, conn.Files(), err}
			return
		}
	}()
	timer := time.NewTimer(settled)
	defer timer.Stop()
	for {
		select {
		case work := <-boot:
			return work
		case <-wake:
			if w, ok := host.(Warmer); ok {
				w.Warm(func() bool { return len(boot) > 0 })
			}
			timer.Reset(settled)
		case <-timer.C:
			debug.FreeOSMemory()
		}
	}
}
