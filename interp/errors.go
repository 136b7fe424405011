package interp

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"cuaderno/interp/cell"
	"cuaderno/interp/lang"
)

func newError(name, value string, traceback []string) *lang.Error {
	if len(traceback) == 0 {
		traceback = []string{red(name+": ") + value}
	}
	return (&lang.Error{Name: name, Value: value, Traceback: traceback}).Shortened()
}

// compileError shows what is wrong with a cell as the Go compiler does, with
// the line and a caret below each complaint.
func compileError(count int, code string, err error) *lang.Error {
	var errs cell.Errors
	if !errors.As(err, &errs) {
		return newError(lang.CompileError, err.Error(), nil)
	}
	source := strings.Split(code, "\n")
	var lines []string
	for _, e := range errs {
		lines = append(lines, fmt.Sprintf("%s %s", cyan(fmt.Sprintf("In [%d]:%d:%d:", count, e.Pos.Line, e.Pos.Column)), e.Msg))
		if e.Pos.Line <= len(source) {
			text := strings.TrimRight(source[e.Pos.Line-1], "\r")
			lines = append(lines, "    "+text, "    "+caret(text, e.Pos.Column))
		}
	}
	first := fmt.Sprintf("In [%d]:%d:%d: %s", count, errs[0].Pos.Line, errs[0].Pos.Column, errs[0].Msg)
	return newError(lang.CompileError, first, lines)
}

// caret returns a line with a caret under the given column of text, which
// counts bytes from one. Tabs are kept so that both lines are indented alike.
func caret(text string, column int) string {
	before := text[:min(max(column-1, 0), len(text))]
	var b strings.Builder
	for len(before) > 0 {
		r, size := utf8.DecodeRuneInString(before)
		before = before[size:]
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String() + red("^")
}
