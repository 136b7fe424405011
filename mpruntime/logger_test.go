//go:build unix

package mpruntime_test

import (
	"log/slog"
	"strings"
	"testing"

	mp "cuaderno/mpruntime"
)

func TestLogger(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	t.Cleanup(func() { mp.LogToStderr(slog.LevelError + 100) })
	log := mp.LogToStderr(slog.LevelInfo)
	log.Debug("unseen")
	log.WithGroup("g").With("a", 1).Warn("cuidado", "b", "dos", slog.Group("h", "c", 3))
	if got := errs.String(); got != "[WARN/MainProcess] cuidado g.a=1 g.b=dos g.h.c=3\n" {
		t.Errorf("%q", got)
	}
	p := mp.NewProcess(func() { mp.Logger().Info("del hijo"); mp.Logger().Debug("unseen") })
	p.Name = "Hijo"
	must(t, p.Start())
	join(t, p)
	_, after, _ := strings.Cut(errs.String(), "\n")
	want := "[INFO/Hijo] child process calling its target\n[INFO/Hijo] del hijo\n[INFO/Hijo] process exiting with exit code 0\n"
	if after != want {
		t.Errorf("%q", after)
	}
}

func TestProgress(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	bar := mp.Progress(40)
	p := newPool(t, mp.PoolOptions{Workers: 2})
	if _, err := p.StarMap(func(bar *mp.ProgressBar, k int) { bar.Add(k) }, [][]any{{bar, 10}, {bar, 5}, {bar, 5}}); err != nil {
		t.Fatal(err)
	}
	bar.Add(0)
	bar.Add(20)
	bar.Add(1)
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	if bar.Count() != 41 || bar.Total() != 40 || len(lines) != 4 || lines[3] != "[##########] 100% (40/40)" {
		t.Errorf("%d of %d: %q", bar.Count(), bar.Total(), lines)
	}
	c, _, _ := inCell(t, t.Context())
	if mp.Progress(-1).Add(1); c.failed.Load() == nil {
		t.Error("a bar for less than nothing")
	}
}
