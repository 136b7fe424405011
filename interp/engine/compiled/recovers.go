package compiled

import (
	"runtime"
	"strings"
)

// recovered reports whether a function that recovers panics has called the one
// that is panicking, on a goroutine that compiled code started: a compiled
// package of those that do, or the session, which has goroutines of its own.
func recovered() bool {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		for _, prefix := range []string{
			"fmt.(*pp).handleMethods",
			"log/slog.(*handleState).appendValue",
			"net/http.(*conn).serve",
			"net/http.(*http2serverConn).runHandler",
			"net/http.(*timeoutHandler).ServeHTTP",
			"text/template.safeCall",
		} {
			if strings.HasPrefix(f.Function, prefix) {
				return true
			}
		}
		if strings.HasPrefix(f.Function, "cuaderno/") && !strings.HasPrefix(f.Function, "cuaderno/interp/engine") {
			return true
		}
		if !more {
			return false
		}
	}
}
