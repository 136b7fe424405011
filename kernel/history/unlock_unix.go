//go:build unix

package history

import (
	"os"
	"syscall"
)

// unlock releases the lock that the database has taken on its file.
func unlock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
}
