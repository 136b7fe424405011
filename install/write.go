package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes or replaces the kernelspec name in the directory kernels and
// returns its path. A front end that looks meanwhile sees the old spec, the new
// one or none: kernel.json is what makes a directory a kernelspec, and it
// arrives last and whole. A kernelspec of another kernel is not replaced.
func Write(kernels, name string, spec Spec) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	dir := filepath.Join(kernels, name)
	if err := refuseForeign(dir); err != nil {
		return "", err
	}
	data, err := spec.JSON()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the kernelspec: %w%s", err, advice(err))
	}
	for _, logo := range Logos() {
		if err := replaceFile(filepath.Join(dir, logo.Name), logo.Data); err != nil {
			return "", err
		}
	}
	if err := replaceFile(filepath.Join(dir, "kernel.json"), data); err != nil {
		return "", err
	}
	return dir, nil
}

// Remove deletes the kernelspec name from the directory kernels and returns
// its path. The error is fs.ErrNotExist when there is none. A kernelspec of
// another kernel is not removed.
func Remove(kernels, name string) (string, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	dir := filepath.Join(kernels, name)
	if _, err := os.Stat(filepath.Join(dir, "kernel.json")); err != nil {
		return "", fmt.Errorf("removing the kernelspec: %w", err)
	}
	if err := refuseForeign(dir); err != nil {
		return "", err
	}
	// kernel.json goes first: what is left is no kernelspec.
	if err := os.Remove(filepath.Join(dir, "kernel.json")); err != nil {
		return "", fmt.Errorf("removing the kernelspec: %w%s", err, advice(err))
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("removing the kernelspec: %w%s", err, advice(err))
	}
	return dir, nil
}

// refuseForeign returns an error when dir is the kernelspec of another kernel.
// A kernel.json that cannot be understood is taken for a damaged one of ours.
func refuseForeign(dir string) error {
	spec, err := read(dir)
	if err != nil || spec.Ours() || len(spec.Argv) == 0 {
		return nil
	}
	return fmt.Errorf("%s belongs to another kernel (it starts %s): choose another name with --name", dir, spec.Argv[0])
}

func read(dir string) (Spec, error) {
	data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		return Spec{}, fmt.Errorf("reading the kernelspec: %w", err)
	}
	var spec Spec
	if err := json.Unmarshal(data, &spec); err != nil {
		return Spec{}, fmt.Errorf("reading %s: %w", filepath.Join(dir, "kernel.json"), err)
	}
	return spec, nil
}

// replaceFile writes a file under another name and renames it, so that nobody
// reads half of it.
func replaceFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w%s", path, err, advice(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func advice(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return " (choose a place of your own with --user or --prefix DIR, or run it as the owner of this one)"
	}
	return ""
}
