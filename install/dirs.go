package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A Scope says for whom a kernelspec is written.
type Scope int

const (
	// User is the person's own data directory.
	User Scope = iota
	// SysPrefix is the active Python environment.
	SysPrefix
	// Prefix is a directory that the user names.
	Prefix
)

// A Host is what the package needs to know about the machine.
type Host struct {
	// Getenv looks up an environment variable, as os.Getenv.
	Getenv func(string) string
	// Home is the home directory, "" when there is none.
	Home string
	// GOOS is the operating system, as runtime.GOOS.
	GOOS string
	// PythonPrefix returns sys.prefix of the Python on PATH, or an error
	// when there is no Python.
	PythonPrefix func(ctx context.Context) (string, error)
}

// ThisHost describes the machine and the user that run the program.
func ThisHost() Host {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return Host{Getenv: os.Getenv, Home: home, GOOS: runtime.GOOS, PythonPrefix: pythonPrefix}
}

func pythonPrefix(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "python3", "-c", "import sys; print(sys.prefix)").Output()
	if err != nil {
		return "", fmt.Errorf("asking python3 for sys.prefix: %w", err)
	}
	prefix := strings.TrimRight(string(out), "\r\n")
	if prefix == "" {
		return "", errors.New("asking python3 for sys.prefix: it answered nothing")
	}
	return prefix, nil
}

// KernelsDir returns the directory that holds the kernelspecs of a scope, as an
// absolute path. It need not exist. Prefix is used by the scope of that name
// only.
func (h Host) KernelsDir(ctx context.Context, scope Scope, prefix string) (string, error) {
	var data string
	switch scope {
	case User:
		dir, err := h.userData()
		if err != nil {
			return "", err
		}
		data = dir
	case SysPrefix:
		dir, err := h.sysPrefix(ctx)
		if err != nil {
			return "", err
		}
		data = filepath.Join(dir, "share", "jupyter")
	case Prefix:
		if prefix == "" {
			return "", errors.New("--prefix needs a directory, such as --prefix /usr/local")
		}
		data = filepath.Join(prefix, "share", "jupyter")
	default:
		panic(fmt.Sprintf("install: unknown scope %d", scope))
	}
	abs, err := filepath.Abs(filepath.Join(data, "kernels"))
	if err != nil {
		return "", fmt.Errorf("finding the kernels directory: %w", err)
	}
	return abs, nil
}

// userData mirrors jupyter_core.paths.jupyter_data_dir.
func (h Host) userData() (string, error) {
	if dir := h.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	if dir := h.Getenv("XDG_DATA_HOME"); dir != "" && h.GOOS != "darwin" {
		return filepath.Join(dir, "jupyter"), nil
	}
	if h.Home == "" {
		return "", errors.New("there is no home directory: set HOME or JUPYTER_DATA_DIR, or name a place with --prefix DIR")
	}
	if h.GOOS == "darwin" {
		return filepath.Join(h.Home, "Library", "Jupyter"), nil
	}
	return filepath.Join(h.Home, ".local", "share", "jupyter"), nil
}

func (h Host) sysPrefix(ctx context.Context) (string, error) {
	for _, key := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if dir := h.Getenv(key); dir != "" {
			return dir, nil
		}
	}
	dir, err := h.PythonPrefix(ctx)
	if err != nil {
		return "", fmt.Errorf("--sys-prefix finds no Python environment (VIRTUAL_ENV and CONDA_PREFIX are not set): "+
			"activate one, or use --prefix DIR or --user: %w", err)
	}
	return dir, nil
}

// Path returns the kernels directories in the order in which Jupyter looks
// through them; the first that has a name wins. It mirrors
// jupyter_core.paths.jupyter_path, seen from the environment that is active
// here: JUPYTER_PATH, then the user's and the environment's (the latter first
// inside a virtual environment), then the system's. Directories need not exist.
func (h Host) Path(ctx context.Context) []string {
	var data []string
	add := func(dirs ...string) {
		for _, dir := range dirs {
			if dir = filepath.Clean(dir); !slices.Contains(data, dir) {
				data = append(data, dir)
			}
		}
	}
	for _, dir := range filepath.SplitList(h.Getenv("JUPYTER_PATH")) {
		if dir != "" {
			add(dir)
		}
	}
	var user, env []string
	if dir, err := h.userData(); err == nil {
		user = []string{dir}
	}
	if dir, err := h.sysPrefix(ctx); err == nil {
		env = []string{filepath.Join(dir, "share", "jupyter")}
	}
	system := []string{"/usr/local/share/jupyter", "/usr/share/jupyter"}
	env = slices.DeleteFunc(env, func(dir string) bool { return slices.Contains(system, dir) })
	if h.prefersEnvironment() {
		add(env...)
		add(user...)
	} else {
		add(user...)
		add(env...)
	}
	add(system...)
	for i, dir := range data {
		data[i] = filepath.Join(dir, "kernels")
	}
	return data
}

// prefersEnvironment mirrors jupyter_core.paths.prefer_environment_over_user.
func (h Host) prefersEnvironment() bool {
	if v := h.Getenv("JUPYTER_PREFER_ENV_PATH"); v != "" {
		return !slices.Contains([]string{"no", "n", "false", "off", "0", "0.0"}, strings.ToLower(v))
	}
	if h.Getenv("VIRTUAL_ENV") != "" {
		return true
	}
	name := h.Getenv("CONDA_DEFAULT_ENV")
	return h.Getenv("CONDA_PREFIX") != "" && name != "" && name != "base"
}
