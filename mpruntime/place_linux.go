package mpruntime

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Where the number of processes is limited there are as many places, and a process
// holds one of them while it lives: a lock on a byte of the file that all processes
// of the tree have inherited, behind whatever the file has. The lock belongs to an
// open file that goes with the boot message, and ends with the process, however that
// ends (fcntl(2), open file description locks). Idle helpers have no place.

// firstPlace is where in the file the bytes are that stand for places.
const firstPlace = math.MaxInt64 / 2

// takePlace returns the open file that is the place of a process to be started, nil
// where there is no limit.
func takePlace(host Host) (*os.File, error) {
	command, err := host.Command()
	if err != nil || command.Processes == 0 || command.Log == nil {
		return nil, err
	}
	place, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", command.Log.Fd()), os.O_RDWR, 0)
	if err != nil {
		return nil, errorf("counting the processes: %w", err)
	}
	// A place that was free a moment ago is the most likely one.
	for i := range command.Processes {
		n := (int(here.free.Load()) + i) % command.Processes
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: firstPlace + int64(n), Len: 1}
		err := unix.FcntlFlock(place.Fd(), unix.F_OFD_SETLK, &lock)
		if err == nil {
			here.free.Store(int64(n + 1))
			return place, nil
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
			place.Close()
			return nil, errorf("counting the processes: %w", err)
		}
	}
	place.Close()
	return nil, tooManyProcesses(command.Processes)
}
