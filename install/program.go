package install

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// HelperName is the program that evaluates Go; it lies beside cuaderno.
const HelperName = "cuaderno-helper"

// Program returns the absolute path by which the running program was started,
// for kernel.json. Symbolic links are kept: a package manager's link survives
// an upgrade, the file it points to does not. Arg0 is os.Args[0].
func Program(arg0 string) (string, error) {
	path, err := exec.LookPath(arg0)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		if path, err = os.Executable(); err != nil {
			return "", fmt.Errorf("finding this program: %w", err)
		}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	return abs, nil
}

// Helper returns the path of the helper that lies beside program, or beside
// the file that program is a link to. The error says what to do when there is
// none.
func Helper(program string) (string, error) {
	dirs := []string{filepath.Dir(program)}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		dirs = append(dirs, filepath.Dir(real))
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, HelperName)
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return "", fmt.Errorf("%s is not executable: run chmod +x on it, or make build", path)
		}
		return path, nil
	}
	return "", fmt.Errorf("%s is not in %s: the two programs belong together, put it there (make build makes both in bin/)", HelperName, dirs[0])
}
