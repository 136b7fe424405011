package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

//go:embed *.py
var programs embed.FS

// measured names a line of the report and whose value it is.
type measured struct{ line, of string }

// series is what was found for one value of the report.
type series struct {
	ms   []float64
	left int // the most processes that stayed behind, instead of a time
}

func (s series) min() float64 { return slices.Min(s.ms) }

func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s.ms))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// samples is everything that one run of kernels.py found.
type samples struct {
	about  string // the versions of what was measured beside us
	values map[measured]series
}

// readSamples reads the lines that kernels.py documents.
func readSamples(r io.Reader) (samples, error) {
	found := samples{values: map[measured]series{}}
	lines := json.NewDecoder(r)
	for {
		var sample struct {
			About string  `json:"about"`
			Line  string  `json:"line"`
			Of    string  `json:"of"`
			MS    float64 `json:"ms"`
			Left  int     `json:"left"`
		}
		err := lines.Decode(&sample)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return samples{}, fmt.Errorf("reading a sample: %w", err)
		}
		if sample.About != "" {
			found.about = sample.About
			continue
		}
		key := measured{sample.Line, sample.Of}
		value := found.values[key]
		if sample.Left > 0 {
			value.left = max(value.left, sample.Left)
		} else {
			value.ms = append(value.ms, sample.MS)
		}
		found.values[key] = value
	}
}

// measure runs kernels.py with the Python environment venv. What it started has
// ended when measure returns, also when ctx ends before.
func measure(ctx context.Context, venv string, rounds int, quick bool, stderr io.Writer) (samples, error) {
	dir, remove, err := unpack(programs)
	if err != nil {
		return samples{}, err
	}
	defer remove()
	args := []string{filepath.Join(dir, "kernels.py"), "--rounds", strconv.Itoa(rounds)}
	if quick {
		args = append(args, "--quick")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(venv, "bin", "python"), args...)
	cmd.Env = append(os.Environ(), "JUPYTER_PREFER_ENV_PATH=1", "CUADERNO_HISTORY=off")
	cmd.Stderr = stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it cleans up
	cmd.WaitDelay = time.Minute
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return samples{}, fmt.Errorf("making a pipe for the samples: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return samples{}, fmt.Errorf("starting Python: %w", err)
	}
	found, readErr := readSamples(stdout)
	if readErr != nil {
		_ = cmd.Cancel() // nobody reads it any more; Wait tells how it ended
	}
	if err := cmd.Wait(); err != nil && readErr == nil {
		return samples{}, fmt.Errorf("measuring: %w", err)
	}
	return found, readErr
}
