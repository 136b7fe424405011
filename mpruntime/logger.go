package mpruntime

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// Logger returns the logger of mp (CPython: multiprocessing.get_logger). It writes
// nothing before [LogToStderr]. mp itself logs the beginning and the end of
// processes with it.
func Logger() *slog.Logger { return slog.New(logHandler{}) }

// LogToStderr has [Logger] write what is at level or above to the stderr of the
// calling cell, in lines like
//
//	[INFO/Process-1] text
//
// and those of processes that are started from now on to theirs. It returns the
// logger.
func LogToStderr(level slog.Level) *slog.Logger {
	here.mu.Lock()
	here.logging = &level
	here.mu.Unlock()
	return Logger()
}

func (r *record) logLevel() *slog.Level {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.logging
}

// A logHandler writes lines as CPython's log_to_stderr does, attributes behind the
// text.
type logHandler struct {
	prefix string // of the names of attributes
	attrs  string // that every line has
}

// Enabled implements slog.Handler.
func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	least := here.logLevel()
	return least != nil && level >= *least
}

// Handle implements slog.Handler.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString("[" + r.Level.String() + "/" + CurrentProcess().Name + "] " + r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		appendAttr(&b, h.prefix, a)
		return true
	})
	b.WriteByte('\n')
	_, err := io.WriteString(here.stderr(), b.String())
	return err
}

func appendAttr(b *strings.Builder, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			appendAttr(b, prefix, inner)
		}
		return
	}
	if a.Key != "" {
		b.WriteString(" " + prefix + a.Key + "=" + v.String())
	}
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	for _, a := range attrs {
		appendAttr(&b, h.prefix, a)
	}
	h.attrs += b.String()
	return h
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.prefix += name + "."
	}
	return h
}
