package assist

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// offsetOf returns the byte offset of the code point with number cursor, within
// code.
func offsetOf(code string, cursor int) int {
	n := 0
	for i := range code {
		if n >= cursor {
			return i
		}
		n++
	}
	return len(code)
}

// pointsOf is the number of code points before a byte offset.
func pointsOf(code string, offset int) int { return utf8.RuneCountInString(code[:offset]) }

// A kind of place is what the cursor is in.
type kind int

const (
	nowhere kind = iota // in a comment, a literal or behind an expression
	inMagic
	inImportPath
	inCode
)

// A place is where a completion goes.
type place struct {
	kind       kind
	prefix     string      // what has been typed of it
	start, end int         // what it replaces: bytes of the code
	before     token.Token // SEMICOLON at the start of a line
}

// find finds out where the offset at of code is.
func find(code string, at int) place {
	if strings.HasPrefix(strings.TrimLeftFunc(code, unicode.IsSpace), "%") {
		return place{kind: inMagic, start: at, end: at}
	}
	tokens := lex(code)
	for i, t := range tokens {
		if at <= t.off || at > t.end {
			continue
		}
		switch t.tok {
		case token.COMMENT:
			if at < t.end || !strings.HasPrefix(t.lit, "/*") || len(t.lit) < 4 || !strings.HasSuffix(t.lit, "*/") {
				return place{}
			}
		case token.STRING:
			if at == t.end && t.closed() {
				return place{} // behind it
			}
			if imports(tokens[:i]) {
				start := t.off + 1
				end := t.end
				if t.closed() {
					end--
				}
				return place{kind: inImportPath, prefix: code[start:at], start: start, end: end}
			}
			return place{}
		case token.CHAR, token.INT, token.FLOAT, token.IMAG, token.RPAREN, token.RBRACK, token.ILLEGAL:
			return place{}
		}
	}
	p := place{kind: inCode, start: at, end: at}
	for p.start > 0 {
		r, size := utf8.DecodeLastRuneInString(code[:p.start])
		if !letter(r) {
			break
		}
		p.start -= size
	}
	for p.start < at && p.end < len(code) {
		r, size := utf8.DecodeRuneInString(code[p.end:])
		if !letter(r) {
			break
		}
		p.end += size
	}
	p.prefix = code[p.start:at]
	if r, _ := utf8.DecodeRuneInString(p.prefix); unicode.IsDigit(r) {
		return place{}
	}
	p.before = token.SEMICOLON
	for _, t := range tokens {
		if t.end <= p.start && t.tok != token.COMMENT {
			p.before = t.tok
		}
	}
	return p
}

func letter(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// A lexeme is a token or comment of code.
type lexeme struct {
	tok      token.Token
	off, end int
	line     int
	lit      string
}

// closed reports whether a string literal has its closing quote.
func (l lexeme) closed() bool { return len(l.lit) > 1 && l.lit[0] == l.lit[len(l.lit)-1] }

// lex cuts code into tokens and comments. Semicolons that nobody has typed have the
// text "\n".
func lex(code string) []lexeme {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(code))
	s.Init(file, []byte(code), nil, scanner.ScanComments)
	var tokens []lexeme
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return tokens
		}
		l := lexeme{tok: tok, off: file.Offset(pos), line: file.Line(pos), lit: lit}
		text := lit
		if tok == token.SEMICOLON && lit != ";" {
			text = ""
		} else if text == "" {
			text = tok.String()
		}
		l.end = min(l.off+len(text), len(code))
		if strings.HasPrefix(text, "`") { // the scanner leaves carriage returns out
			if n := strings.IndexByte(code[l.off+1:], '`'); n >= 0 {
				l.end = l.off + n + 2
			} else {
				l.end = len(code)
			}
		}
		tokens = append(tokens, l)
	}
}

// imports reports whether a string behind tokens is an import path.
func imports(tokens []lexeme) bool {
	i := len(tokens) - 1
	if i >= 0 && (tokens[i].tok == token.IDENT || tokens[i].tok == token.PERIOD) {
		i-- // the name
	}
	if i >= 0 && tokens[i].tok == token.IMPORT {
		return true
	}
	for i >= 0 {
		switch tokens[i].tok {
		case token.STRING, token.SEMICOLON, token.IDENT, token.PERIOD, token.COMMENT:
			i--
			continue
		case token.LPAREN:
			return i > 0 && tokens[i-1].tok == token.IMPORT
		}
		return false
	}
	return false
}
