package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
)

// A lineReader hands out the lines of a reader. A read that nobody waits for any
// more goes on, because a terminal or pipe cannot be told to stop, and serves
// whoever asks next.
type lineReader struct {
	mu      sync.Mutex // held by whoever waits for a line
	reader  *bufio.Reader
	pending chan line // a read that has not been collected
}

type line struct {
	text string
	err  error
}

func newLineReader(r io.Reader) *lineReader { return &lineReader{reader: bufio.NewReader(r)} }

// next returns the next line, without its newline. The error is io.EOF after the
// last line, or the cause of ctx's end.
func (l *lineReader) next(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending == nil {
		pending := make(chan line, 1)
		l.pending = pending
		go func() {
			text, err := l.reader.ReadString('\n')
			pending <- line{text, err}
		}()
	}
	select {
	case read := <-l.pending:
		l.pending = nil
		if errors.Is(read.err, io.EOF) && read.text != "" {
			read.err = nil // the last line has no newline
		}
		return strings.TrimSuffix(read.text, "\n"), read.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
