package lang

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// maxErrorText is about how many bytes of the value of an error are shown, and of
	// each line of its traceback.
	maxErrorText = 32 << 10
	// maxErrorLines bounds the lines of a traceback together, in bytes.
	maxErrorLines = 4 * maxErrorText
)

// Shorten returns text if it has at most limit bytes, else its beginning and how
// many bytes are left out. Runes and ANSI sequences stay whole, and colours end.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	n := limit
	for n > max(0, limit-utf8.UTFMax) && !utf8.RuneStart(text[n]) {
		n--
	}
	shown := text[:n]
	const escape = 8 // bytes that a sequence of colour has at most
	if at := strings.LastIndexByte(shown, '\x1b'); at >= 0 && len(shown)-at <= escape {
		shown = shown[:at]
	}
	rest := fmt.Sprintf("… (%d bytes more)", len(text)-len(shown))
	if strings.Contains(shown, "\x1b[") {
		rest = "\x1b[0m" + rest
	}
	return shown + rest
}

// Shortened returns the error as it is shown to people: e itself, unless its value
// or its traceback is longer than anybody reads.
func (e *Error) Shortened() *Error {
	total := 0
	long := len(e.Value) > maxErrorText
	for _, line := range e.Traceback {
		total += len(line)
		long = long || len(line) > maxErrorText
	}
	if !long && total <= maxErrorLines {
		return e
	}
	cut := *e
	short := &cut
	short.Value, short.Traceback = Shorten(e.Value, maxErrorText), nil
	room := maxErrorLines
	for i, line := range e.Traceback {
		line = Shorten(line, maxErrorText)
		if room -= len(line); room < 0 {
			short.Traceback = append(short.Traceback, fmt.Sprintf("… (%d lines more)", len(e.Traceback)-i))
			break
		}
		short.Traceback = append(short.Traceback, line)
	}
	return short
}
