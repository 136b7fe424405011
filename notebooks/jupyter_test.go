package notebooks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long one run of Jupyter may take on a busy machine.
const patience = 5 * time.Minute

// TestClients runs what real front ends that need no browser do with the kernel.
func TestClients(t *testing.T) {
	j := findJupyter(t)
	for _, script := range []string{
		"kernel_test.py",  // jupyter_kernel_test, every sample
		"client_test.py",  // jupyter_client: ipykernel's behaviours
		"runners_test.py", // nbclient, nbconvert, papermill
		"console_test.py", // jupyter console
	} {
		t.Run(strings.TrimSuffix(script, ".py"), func(t *testing.T) {
			_, log := j.run(t, "python", "testdata/"+script)
			t.Log(lastLine(log))
		})
	}
}

func TestNbconvertExecutesEachNotebook(t *testing.T) {
	j := findJupyter(t)
	for _, name := range notebookFiles(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j.run(t, "jupyter", "nbconvert", "--to", "notebook", "--execute", name, "--output-dir", dir)
			stored, executed := readNotebook(t, name), readNotebook(t, filepath.Join(dir, name))
			compareKinds(t, stored, executed)
			checkLessons(t, name, stored, executed)
		})
	}
}

func TestJupyterLabRunsEachNotebook(t *testing.T) {
	j := findJupyter(t)
	needChromium(t)
	pictures := picturesDirectory(t)
	for _, name := range notebookFiles(t) {
		t.Run(name, func(t *testing.T) {
			prefix := filepath.Join(pictures, strings.TrimSuffix(name, ".ipynb"))
			stdout, _ := j.run(t, "python", "testdata/lab.py", name, prefix)
			var shown struct {
				Cells    []cell   `json:"cells"`
				Pictures []string `json:"pictures"`
			}
			if err := json.Unmarshal(stdout, &shown); err != nil {
				t.Fatal(err)
			}
			stored := readNotebook(t, name)
			compareKinds(t, stored, shown.Cells)
			checkLessons(t, name, stored, shown.Cells)
			if len(shown.Pictures) == 0 {
				t.Error("no picture was taken")
			}
			for _, picture := range shown.Pictures {
				checkPicture(t, picture)
			}
		})
	}
}

// TestJupyterLabServesAPerson answers a question, interrupts, completes, inspects
// and moves a slider in a browser.
func TestJupyterLabServesAPerson(t *testing.T) {
	j := findJupyter(t)
	needChromium(t)
	prefix := filepath.Join(picturesDirectory(t), "person")
	steps, _ := j.run(t, "python", "testdata/lab_session.py", "testdata/widgets.ipynb", prefix)
	t.Logf("done in JupyterLab: %s", strings.Join(strings.Fields(string(steps)), ", "))
	pictures, err := filepath.Glob(prefix + "-*.png")
	if err != nil || len(pictures) == 0 {
		t.Errorf("no picture was taken: %v", err)
	}
	for _, picture := range pictures {
		checkPicture(t, picture)
	}
}

// picturesDirectory is where the pictures of the browser go.
func picturesDirectory(t *testing.T) string {
	t.Helper()
	if directory := os.Getenv("CUADERNO_PICTURES"); directory != "" {
		return directory
	}
	return t.TempDir()
}

// jupyter runs the programs of a Python environment.
type jupyter struct{ venv string }

// findJupyter returns the environment that make test has prepared.
func findJupyter(t *testing.T) jupyter {
	t.Helper()
	venv := os.Getenv("CUADERNO_VENV")
	if venv == "" {
		skip(t, "CUADERNO_VENV names no Python environment with Jupyter: run make test")
	}
	// Opening what the kernelspec starts makes go test run this test again
	// when one of them has changed, instead of showing a cached result.
	for _, name := range []string{"cuaderno", "cuaderno-helper"} {
		f, err := os.Open(filepath.Join("..", "bin", name))
		if err != nil {
			t.Fatalf("the kernel is not built (make build): %v", err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	scripts, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if _, err := os.ReadFile(script); err != nil {
			t.Fatal(err)
		}
	}
	return jupyter{venv}
}

func needChromium(t *testing.T) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if _, err := exec.LookPath(name); err == nil {
			return
		}
	}
	skip(t, "there is no Chromium for JupyterLab: apt-get install chromium")
}

// skip skips a test, except in continuous integration, where all must run.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// run runs a program of the environment and returns its stdout and stderr. A
// program that fails, or takes too long, fails the test. It is interrupted
// first, so that it can end what it started.
func (j jupyter) run(t *testing.T, program string, args ...string) (stdout, stderr []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(j.venv, "bin", program), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	// The environment's kernelspec is the one under test, whatever the user has.
	cmd.Env = append(os.Environ(), "CUADERNO_HISTORY="+filepath.Join(t.TempDir(), "history.db"), "JUPYTER_PATH=", "JUPYTER_PREFER_ENV_PATH=1", "PYTHONDONTWRITEBYTECODE=1",
		"IPYTHONDIR="+t.TempDir(), "JUPYTER_RUNTIME_DIR="+t.TempDir(), "JUPYTER_CONFIG_DIR="+t.TempDir())
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), errors.Join(err, ctx.Err()), out.Bytes(), log.Bytes())
	}
	return out.Bytes(), log.Bytes()
}

func lastLine(log []byte) string {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return lines[len(lines)-1]
}

// checkPicture reports a file that is no picture, or shows nothing.
func checkPicture(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	colours := map[[3]uint32]bool{}
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}] = true
		}
	}
	if len(colours) < 16 {
		t.Errorf("%s shows nothing: %d colours", name, len(colours))
	}
}

// compareKinds reports the cells of an executed notebook whose kinds of output
// are not the stored ones: a stream that is missing, an error that is new.
func compareKinds(t *testing.T, stored, executed []cell) {
	t.Helper()
	if len(stored) != len(executed) {
		t.Fatalf("%d code cells were stored and %d executed", len(stored), len(executed))
	}
	for i, want := range stored {
		got := executed[i]
		if got.Count == nil && strings.TrimSpace(string(got.Source)) != "" {
			t.Errorf("code cell %d did not run:\n%s", i, got.Source)
		}
		if !slices.Equal(got.kinds(), want.kinds()) {
			t.Errorf("code cell %d shows %q, the stored notebook %q:\n%s\n%s", i, got.kinds(), want.kinds(), got.Source, got.text())
		}
	}
}
