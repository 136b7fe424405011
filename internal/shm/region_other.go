//go:build !unix

package shm

import "os"

func create(int64) (*os.File, error) { return nil, ErrUnsupported }

func mapFile(*os.File, int) ([]byte, error) { return nil, ErrUnsupported }

func unmap([]byte) error { return ErrUnsupported }

func replace([]byte) error { return ErrUnsupported }

// sealed accepts every file: the system cannot tell.
func sealed(*os.File) error { return nil }
