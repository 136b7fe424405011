//go:build unix

package conformance_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	mp "cuaderno/mpruntime"
)

func TestLogging(t *testing.T) {
	const silent = slog.Level(100)
	t.Cleanup(func() { mp.LogToStderr(silent) })
	conform(t, "_TestLogging.test_enable_logging", func(t *testing.T) {
		_, errs := captured(t)
		logger := mp.LogToStderr(slog.LevelWarn)
		logger.Debug("this is not printed")
		logger.Info("nor is this")
		logger.Warn("but this is", "n", 1)
		equal(t, "stderr", errs(), "[WARN/MainProcess] but this is n=1\n")
	})
	conform(t, "_TestLogging.test_level", func(t *testing.T) {
		_, errs := captured(t)
		for _, level := range []slog.Level{slog.LevelWarn, slog.LevelError} {
			mp.LogToStderr(level)
			r, w := mp.NewOneWayPipe()
			ends(t, run(t, func(w *mp.Conn) {
				mp.Logger().Error("from a child")
				for _, level := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
					panicOn(w.Send(mp.Logger().Enabled(context.Background(), level)))
				}
			}, w))
			for _, at := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
				equal(t, "in the child "+at.String()+" is enabled", receive[bool](t, r), at >= level)
			}
		}
		if n := strings.Count(errs(), "[ERROR/Process-"); n != 2 {
			t.Errorf("stderr %q", errs())
		}
	})
}
