package mpruntime

import (
	"bytes"
	"io"
	"sync"
)

// maxLine is the length, in bytes, from which on a line is delivered in pieces.
const maxLine = 64 << 10

// lines turns pieces of output into whole lines for a writer. Before route says
// where they go they wait, no more than maxLine bytes of them.
type lines struct {
	mu   sync.Mutex
	to   io.Writer
	rest []byte // a line not yet ended, or all that came before route
	// crash takes from whole lines what the runtime says of a crash, nil where that is
	// delivered too.
	crash *crash
}

// add takes a piece; it is not retained.
func (l *lines) add(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to == nil {
		l.rest = append(l.rest, p[:min(len(p), maxLine-min(maxLine, len(l.rest)))]...)
		return
	}
	l.take(p)
}

// take delivers all whole lines in one write.
func (l *lines) take(p []byte) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		whole := p[:end]
		if len(l.rest) > 0 {
			whole = append(l.rest, whole...)
			l.rest = l.rest[:0]
		}
		if l.crash != nil {
			whole = l.crash.pass(whole)
		}
		if len(whole) > 0 {
			l.write(whole)
		}
	}
	l.rest = append(l.rest, p[end:]...)
	if len(l.rest) >= maxLine {
		l.write(l.rest)
		l.rest = l.rest[:0]
	}
}

// route says where lines go from now on.
func (l *lines) route(to io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = to
	early := l.rest
	l.rest = nil
	l.take(early)
}

// flush delivers a partial last line as it is.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil && len(l.rest) > 0 {
		if l.crash != nil {
			l.rest = append(l.crash.end(""), l.rest...)
		}
		l.write(l.rest)
		l.rest = nil
	}
}

// end is flush when the process has ended that is called who.
func (l *lines) end(who string) {
	l.mu.Lock()
	if l.to != nil && l.crash != nil {
		last := append(l.crash.pass(l.rest), l.crash.end(who)...)
		if l.rest = nil; len(last) > 0 {
			l.write(last)
		}
	}
	l.mu.Unlock()
	l.flush()
}

// write delivers. A cell that cannot take output any more has nobody left to be
// told so.
func (l *lines) write(p []byte) { _, _ = l.to.Write(p) }
