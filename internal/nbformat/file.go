package nbformat

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadFile reads the notebook in the file of that name.
func ReadFile(name string) (*Notebook, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading a notebook: %w", err)
	}
	return Parse(data)
}

// WriteFile writes the notebook to the file of that name. A file that exists is
// replaced at once and as a whole, and keeps its permissions: it may be the one
// that the notebook was read from.
func (n *Notebook) WriteFile(name string) error {
	if err := writeFile(name, n.Bytes()); err != nil {
		return fmt.Errorf("writing a notebook: %w", err)
	}
	return nil
}

func writeFile(name string, data []byte) error {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.WriteFile(name, data, 0o666)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return os.WriteFile(name, data, 0o666) // a device or a pipe cannot be replaced
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
