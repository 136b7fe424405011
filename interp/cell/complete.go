package cell

import (
	"errors"
	"go/scanner"
	"go/token"
	"strings"
)

// A Status is what IsComplete says of a text.
type Status string

// The statuses of the messaging spec's is_complete_reply.
const (
	Complete   Status = "complete"
	Incomplete Status = "incomplete"
	Invalid    Status = "invalid"
)

// IsComplete says whether src can be run as it stands, and how the next line
// should be indented if it cannot yet: a tab for each line whose brackets are open.
// What no further line can put right is Invalid.
func IsComplete(src string) (status Status, indent string) {
	e := ending(src)
	layout := Split(src)
	switch {
	case e.broken || layout.Stray >= 0:
		return Invalid, ""
	case layout.Unterminated >= 0:
		return Incomplete, ""
	case len(e.open) > 0:
		if brokenBefore(src, e.lastLine) {
			return Invalid, ""
		}
		return Incomplete, strings.Repeat("\t", e.indent())
	}
	c, err := Parse(token.NewFileSet(), "", src)
	if err == nil {
		if c.lacksBody() {
			return Invalid, ""
		}
		if e.labelled {
			return Incomplete, "" // the parser is content with a label of nothing
		}
		return Complete, ""
	}
	// Code that breaks off where more could follow is wrong only at its end, and
	// the end of its last line does not end its last statement.
	var errs Errors
	end := lineColumn(src, len(strings.TrimRight(src, " \t\r\n")))
	if errors.As(err, &errs) && !e.ended {
		if first := errs[0].Pos; first.Line > end.Line || first == end || e.listed && first.Line == end.Line {
			return Incomplete, ""
		}
	}
	return Invalid, ""
}

// An end is the state of the tokens at the end of a text.
type end struct {
	open     []opening
	broken   bool // a bracket of another kind closes one, or a string has no end
	ended    bool // a line that follows starts a new statement
	labelled bool // a label comes last
	listed   bool // a comma comes last
	lastLine int  // of the last token
}

// An opening is a bracket that is open, and the line it is on.
type opening struct {
	tok  token.Token
	line int
}

func ending(src string) end {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	var e end
	s.Init(file, []byte(src), func(_ token.Position, msg string) {
		e.broken = e.broken || msg == "string literal not terminated" || msg == "rune literal not terminated"
	}, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return e
		}
		if tok != token.SEMICOLON {
			e.labelled, e.listed = tok == token.COLON, tok == token.COMMA
		}
		e.ended = tok == token.SEMICOLON
		if !e.ended || lit == ";" {
			e.lastLine = file.PositionFor(pos, false).Line
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			e.open = append(e.open, opening{tok, e.lastLine})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			n := len(e.open)
			// The tokens of closing brackets follow those of opening ones in order.
			e.broken = e.broken || n == 0 || e.open[n-1].tok-token.LPAREN != tok-token.RPAREN
			e.open = e.open[:max(n-1, 0)]
		}
	}
}

// indent is the number of lines that have brackets that are open.
func (e end) indent() int {
	lines := map[int]bool{}
	for _, o := range e.open {
		lines[o.line] = true
	}
	return len(lines)
}

// brokenBefore reports whether src, whose brackets are not all closed, is wrong
// before its last line.
func brokenBefore(src string, lastLine int) bool {
	mended, _ := Mend(src, len(src))
	_, err := Parse(token.NewFileSet(), "", mended)
	var errs Errors
	return errors.As(err, &errs) && errs[0].Pos.Line < lastLine && strings.HasPrefix(errs[0].Msg, "syntax error")
}
