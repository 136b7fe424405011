package install_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cuaderno/install"
)

const program = "/opt/go kernels/cuaderno"

// host is a machine with nothing but the given environment; pairs are KEY, value.
func host(goos string, pairs ...string) install.Host {
	env := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return install.Host{
		Getenv: func(key string) string { return env[key] },
		Home:   "/home/ana",
		GOOS:   goos,
		PythonPrefix: func(context.Context) (string, error) {
			if dir := env["python3"]; dir != "" {
				return dir, nil
			}
			return "", errors.New("no python3")
		},
	}
}

func newSpec(t *testing.T) install.Spec {
	t.Helper()
	spec, err := install.NewSpec(program, install.DefaultDisplayName, nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestKernelsDir(t *testing.T) {
	tests := []struct {
		name   string
		host   install.Host
		scope  install.Scope
		prefix string
		want   string
	}{
		{"user", host("linux"), install.User, "", "/home/ana/.local/share/jupyter/kernels"},
		{"user, XDG", host("linux", "XDG_DATA_HOME", "/x"), install.User, "", "/x/jupyter/kernels"},
		{"user, macOS ignores XDG", host("darwin", "XDG_DATA_HOME", "/x"), install.User, "", "/home/ana/Library/Jupyter/kernels"},
		{"user, JUPYTER_DATA_DIR", host("darwin", "JUPYTER_DATA_DIR", "/d"), install.User, "", "/d/kernels"},
		{"virtual environment before conda", host("linux", "VIRTUAL_ENV", "/v", "CONDA_PREFIX", "/c"), install.SysPrefix, "", "/v/share/jupyter/kernels"},
		{"conda before python3", host("linux", "CONDA_PREFIX", "/c", "python3", "/p"), install.SysPrefix, "", "/c/share/jupyter/kernels"},
		{"python3", host("linux", "python3", "/p"), install.SysPrefix, "", "/p/share/jupyter/kernels"},
		{"prefix", host("linux"), install.Prefix, "/usr/local", "/usr/local/share/jupyter/kernels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.host.KernelsDir(t.Context(), test.scope, test.prefix)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestKernelsDirSaysWhatToDo(t *testing.T) {
	homeless := host("linux")
	homeless.Home = ""
	tests := []struct {
		name  string
		host  install.Host
		scope install.Scope
		want  string
	}{
		{"no home", homeless, install.User, "--prefix DIR"},
		{"no Python", host("linux"), install.SysPrefix, "activate one"},
		{"no prefix", host("linux"), install.Prefix, "--prefix /usr/local"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.host.KernelsDir(t.Context(), test.scope, "")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a mention of %q", err, test.want)
			}
		})
	}
}

func TestPathOrder(t *testing.T) {
	const user, env, local, system = "/home/ana/.local/share/jupyter/kernels", "/v/share/jupyter/kernels",
		"/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels"
	tests := []struct {
		name string
		host install.Host
		want []string
	}{
		{"plain Python", host("linux", "python3", "/v"), []string{user, env, local, system}},
		{"system Python is not named twice", host("linux", "python3", "/usr"), []string{user, local, system}},
		{"virtual environment", host("linux", "VIRTUAL_ENV", "/v"), []string{env, user, local, system}},
		{"virtual environment, told otherwise", host("linux", "VIRTUAL_ENV", "/v", "JUPYTER_PREFER_ENV_PATH", "0"), []string{user, env, local, system}},
		{"conda base", host("linux", "CONDA_PREFIX", "/v", "CONDA_DEFAULT_ENV", "base"), []string{user, env, local, system}},
		{"JUPYTER_PATH", host("linux", "JUPYTER_PATH", "/a:/b"), []string{"/a/kernels", "/b/kernels", user, local, system}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.host.Path(t.Context()); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestWriteMakesWhatJupyterReads(t *testing.T) {
	kernels := filepath.Join(t.TempDir(), "share", "jupyter", "kernels")
	spec, err := install.NewSpec(program, "Go <curso>", map[string]string{"GOMAXPROCS": "2"})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := install.Write(kernels, "go-course", spec)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"argv":                    []any{program, "kernel", "-f", "{connection_file}"},
		"display_name":            "Go <curso>",
		"language":                "go",
		"interrupt_mode":          "message",
		"env":                     map[string]any{"GOMAXPROCS": "2"},
		"kernel_protocol_version": "5.5",
		"metadata":                map[string]any{"debugger": false},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("kernel.json:\n got %v\nwant %v", got, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}; !reflect.DeepEqual(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
}

func TestLogosHaveTheSizesTheirNamesSay(t *testing.T) {
	for _, logo := range install.Logos() {
		size, isPNG := map[string]int{"logo-32x32.png": 32, "logo-64x64.png": 64}[logo.Name]
		if !isPNG {
			if !bytes.HasPrefix(logo.Data, []byte("<svg ")) {
				t.Errorf("%s is no SVG", logo.Name)
			}
			continue
		}
		config, err := png.DecodeConfig(bytes.NewReader(logo.Data))
		if err != nil || config.Width != size || config.Height != size {
			t.Errorf("%s: %d×%d, %v", logo.Name, config.Width, config.Height, err)
		}
	}
}

func TestWriteReplacesOursAndNobodyElses(t *testing.T) {
	kernels := t.TempDir()
	spec := newSpec(t)
	for range 2 {
		if _, err := install.Write(kernels, "cuaderno", spec); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(kernels, "python3")
	writeForeign(t, foreign)
	_, err := install.Write(kernels, "python3", spec)
	if err == nil || !strings.Contains(err.Error(), "--name") {
		t.Errorf("Write over another kernel: %v", err)
	}
	if _, err := install.Remove(kernels, "python3"); err == nil {
		t.Error("Remove took another kernel away")
	}
	if _, err := os.Stat(filepath.Join(foreign, "kernel.json")); err != nil {
		t.Error(err)
	}
}

func TestRemove(t *testing.T) {
	kernels := t.TempDir()
	if _, err := install.Remove(kernels, "cuaderno"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	dir, err := install.Write(kernels, "cuaderno", newSpec(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := install.Remove(kernels, "cuaderno"); err != nil || got != dir {
		t.Errorf("got %q, %v, want %q", got, err, dir)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", "go kernel", "curso-ñ"} {
		if _, err := install.Write(t.TempDir(), name, newSpec(t)); err == nil {
			t.Errorf("name %q was accepted", name)
		}
		if _, err := install.Remove(t.TempDir(), name); err == nil {
			t.Errorf("name %q was accepted by Remove", name)
		}
	}
}

func TestListMarksShadowedSpecs(t *testing.T) {
	first, second, third := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "missing")
	spec := newSpec(t)
	for _, at := range []struct{ kernels, name string }{{first, "cuaderno"}, {second, "Cuaderno"}, {second, "go"}} {
		if _, err := install.Write(at.kernels, at.name, spec); err != nil {
			t.Fatal(err)
		}
	}
	writeForeign(t, filepath.Join(first, "go"))
	var got [][3]string
	for _, found := range install.List([]string{third, first, second}) {
		got = append(got, [3]string{found.Name, found.Dir, found.ShadowedBy})
	}
	want := [][3]string{
		{"cuaderno", filepath.Join(first, "cuaderno"), ""},
		{"cuaderno", filepath.Join(second, "Cuaderno"), filepath.Join(first, "cuaderno")},
		{"go", filepath.Join(second, "go"), filepath.Join(first, "go")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestHelper(t *testing.T) {
	bin, links := t.TempDir(), t.TempDir()
	program, link := filepath.Join(bin, "cuaderno"), filepath.Join(links, "cuaderno")
	helper := filepath.Join(bin, "cuaderno-helper")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	if _, err := install.Helper(program); err == nil || !strings.Contains(err.Error(), bin) {
		t.Errorf("no helper: %v", err)
	}
	if err := os.WriteFile(helper, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := install.Helper(program); err == nil || !strings.Contains(err.Error(), "chmod +x") {
		t.Errorf("helper without x: %v", err)
	}
	if err := os.Chmod(helper, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, started := range []string{program, link} {
		got, err := install.Helper(started)
		if err != nil || filepath.Base(got) != "cuaderno-helper" {
			t.Errorf("started as %s: %q, %v", started, got, err)
		}
	}
}

func TestProgramKeepsTheLinkItWasStartedBy(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "cuaderno")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Chdir(dir)
	for _, arg0 := range []string{link, "./cuaderno", "cuaderno"} {
		got, err := install.Program(arg0)
		if err != nil || got != link {
			t.Errorf("started as %s: %q, %v, want %q", arg0, got, err, link)
		}
	}
}

// writeForeign makes the kernelspec of another kernel.
func writeForeign(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	spec := `{"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Python 3", "language": "python"}`
	if err := os.WriteFile(filepath.Join(dir, "kernel.json"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
}
