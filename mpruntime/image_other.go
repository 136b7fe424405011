//go:build !linux

package mpruntime

import (
	"errors"
	"os"
)

// program is the path that starts this program again.
func program() (string, error) { return os.Executable() }

// programMappings returns an error that says where functions of compiled programs
// can be sent.
func programMappings(uintptr) ([]mapping, error) {
	return nil, errors.New("functions of a compiled program reach another process only on Linux: give a value with Run()")
}
