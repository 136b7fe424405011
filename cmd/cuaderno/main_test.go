package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cuaderno/install"
)

// A machine is an empty home with the two programs in bin.
type machine struct {
	t    *testing.T
	dir  string
	env  map[string]string
	arg0 string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, dir: dir, env: map[string]string{}, arg0: filepath.Join(dir, "bin", "cuaderno")}
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cuaderno", install.HelperName} {
		if err := os.WriteFile(filepath.Join(dir, "bin", name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// run runs the program with the words of line, where DIR is the machine's directory.
func (m *machine) run(line string) (status int, stdout, stderr string) {
	m.t.Helper()
	var out, errs bytes.Buffer
	p := &program{
		arg0: m.arg0, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		host: install.Host{
			Getenv:       func(key string) string { return m.env[key] },
			Home:         filepath.Join(m.dir, "home"),
			GOOS:         "linux",
			PythonPrefix: func(context.Context) (string, error) { return "", errors.New("no python3") },
		},
	}
	status = p.main(m.t.Context(), strings.Fields(strings.ReplaceAll(line, "DIR", m.dir)))
	return status, out.String(), errs.String()
}

func TestInstallListUninstall(t *testing.T) {
	m := newMachine(t)
	dir := filepath.Join(m.dir, "home/.local/share/jupyter/kernels/cuaderno")
	steps := []struct{ line, want string }{
		{"list", "run cuaderno install"},
		{"install", "Installed kernelspec cuaderno in " + dir},
		{"install --user --display-name Go --env A=1 --env B=x=y", dir},
		{"list", "in effect"},
		{"uninstall", "Removed " + dir},
		{"list", "run cuaderno install"},
	}
	for _, step := range steps {
		status, stdout, stderr := m.run(step.line)
		if status != 0 || stderr != "" || !strings.Contains(stdout, step.want) {
			t.Errorf("cuaderno %s: status %d\n%s%swant %q", step.line, status, stdout, stderr, step.want)
		}
	}
}

func TestInstallWritesTheFlagsIntoKernelJSON(t *testing.T) {
	m := newMachine(t)
	if status, _, stderr := m.run("install --prefix DIR/env --name curso --display-name Curso --env A=1 --env B=x=y"); status != 0 {
		t.Fatal(stderr)
	}
	data, err := os.ReadFile(filepath.Join(m.dir, "env/share/jupyter/kernels/curso/kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"display_name": "Curso"`, `"A": "1"`, `"B": "x=y"`, `"` + m.arg0 + `"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in\n%s", want, data)
		}
	}
}

func TestDryRunWritesNothing(t *testing.T) {
	m := newMachine(t)
	status, stdout, stderr := m.run("install --sys-prefix --prefix DIR/env --dry-run")
	if status != 2 || !strings.Contains(stderr, "exclude each other") {
		t.Errorf("two places: status %d, %s%s", status, stdout, stderr)
	}
	status, stdout, _ = m.run("install --prefix DIR/env --dry-run")
	if status != 0 || !strings.Contains(stdout, `"language": "go"`) || !strings.Contains(stdout, "logo-svg.svg") {
		t.Errorf("status %d:\n%s", status, stdout)
	}
	if _, err := os.Stat(filepath.Join(m.dir, "env")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was written")
	}
}

func TestInstallWhereJupyterDoesNotLook(t *testing.T) {
	m := newMachine(t)
	_, stdout, _ := m.run("install --prefix DIR/env")
	if want := "JUPYTER_PATH=" + filepath.Join(m.dir, "env/share/jupyter"); !strings.Contains(stdout, want) {
		t.Errorf("got %s, want %s", stdout, want)
	}
	m.env["VIRTUAL_ENV"] = filepath.Join(m.dir, "env")
	_, stdout, _ = m.run("install --user")
	if want := "Jupyter takes " + filepath.Join(m.dir, "env/share/jupyter/kernels/cuaderno"); !strings.Contains(stdout, want) {
		t.Errorf("got %s, want %s", stdout, want)
	}
	_, stdout, _ = m.run("list")
	if !strings.Contains(stdout, "in effect") || !strings.Contains(stdout, "shadowed by") {
		t.Errorf("list:\n%s", stdout)
	}
}

func TestMistakesSayWhatToDo(t *testing.T) {
	tests := []struct {
		line   string
		status int
		want   string
	}{
		{"", 2, "Usage:"},
		{"instal", 2, `no command "instal"`},
		{"install --name a/b", 1, "letters, digits"},
		{"install --env A", 2, "K=V"},
		{"install --profile x", 2, "cuaderno install --help"},
		{"install now", 2, `"now"`},
		{"install --sys-prefix", 1, "--prefix DIR"},
		{"uninstall", 1, "cuaderno uninstall --name Cuaderno --prefix"},
		{"uninstall --name go", 1, "cuaderno list"},
	}
	m := newMachine(t)
	m.env["JUPYTER_PATH"] = filepath.Join(m.dir, "other/share/jupyter")
	if status, _, stderr := m.run("install --prefix DIR/other --name Cuaderno"); status != 0 {
		t.Fatal(stderr)
	}
	for _, test := range tests {
		status, _, stderr := m.run(test.line)
		if status != test.status || !strings.Contains(stderr, test.want) {
			t.Errorf("cuaderno %s: status %d, %q; want %d, %q", test.line, status, stderr, test.status, test.want)
		}
	}
}

func TestInstallWithoutTheHelper(t *testing.T) {
	m := newMachine(t)
	if err := os.Remove(filepath.Join(m.dir, "bin", install.HelperName)); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := m.run("install")
	if status != 1 || !strings.Contains(stderr, "make build") {
		t.Errorf("status %d, %q", status, stderr)
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	m := newMachine(t)
	_, stdout, stderr := m.run("install --help")
	for _, want := range []string{"--user", "--sys-prefix", "--prefix DIR", "--name N", "--display-name T", "--env K=V", "--dry-run"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %s in\n%s%s", want, stdout, stderr)
		}
	}
	if _, stdout, _ := m.run("--version"); !strings.HasPrefix(stdout, "cuaderno "+version) {
		t.Errorf("--version: %q", stdout)
	}
}
