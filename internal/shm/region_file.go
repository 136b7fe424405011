//go:build unix && !linux

package shm

import "os"

// create returns a temporary file without a name.
func create(size int64) (*os.File, error) {
	f, err := os.CreateTemp("", "cuaderno-shm-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// replace leaves the memory mapped, so that a pointer that is left does not
// fault.
func replace([]byte) error { return nil }

// sealed accepts every file: the system cannot tell.
func sealed(*os.File) error { return nil }
