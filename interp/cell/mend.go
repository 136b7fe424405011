package cell

import (
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// Placeholder is the letter that Mend puts at the cursor. It makes an identifier
// of nothing, and one that nobody has declared of what has been typed so far.
const Placeholder = "ʹ"

// Mend makes code that is being typed into code that the parser makes most of:
// brackets, strings and comments that were left open are closed where that does
// least harm, and statements that break off get what they lack. No line is added
// or taken away. It returns where the offset at of src has gone.
func Mend(src string, at int) (mended string, moved int) {
	m := &mender{src: src, at: at}
	m.run()
	return m.apply(at)
}

// A mender is one run of Mend over the tokens of a text.
type mender struct {
	src string
	at  int // the cursor
	// atCursor says that something was inserted there in place of further left: what
	// closes outer brackets follows it.
	atCursor bool
	edits    []edit

	open    []bracket
	headers []header
	cases   []int // depths at which case or default waits for its colon

	last      token.Token // the token before
	lastEnd   int
	lineStart int // the end of the last token of an earlier line
	statement
}

// A statement is what has been seen of one.
type statement struct {
	first token.Token // SEMICOLON if there is none yet
	after int         // tokens since that
}

// spawns reports whether it is one of go or defer.
func (s statement) spawns() bool { return s.first == token.GO || s.first == token.DEFER }

// An edit inserts text at offset, or blanks length bytes there.
type edit struct {
	offset, length int
	text           string
}

// A bracket that is open, and the statement that goes on behind it. A group holds
// declarations or specs: lines end in it.
type bracket struct {
	tok   token.Token
	group bool
	statement
}

// A header is an if, for, switch or select that waits for its block.
type header struct {
	tok        token.Token
	depth      int
	semicolons int
}

func (m *mender) run() {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(m.src))
	s.Init(file, []byte(m.src), func(pos token.Position, msg string) {
		switch msg {
		case "raw string literal not terminated":
			m.insert(len(m.src), "`")
		case "comment not terminated":
			m.insert(len(m.src), "*/")
		}
	}, 0)
	lexemes := []spelt{}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		lexemes = append(lexemes, spelt{tok, file.Offset(pos), lit})
	}
	m.first = token.SEMICOLON
	line := 0
	for i, l := range lexemes {
		if n := file.Line(file.Pos(l.off)); n != line {
			line, m.lineStart = n, m.lastEnd
		}
		m.take(l, lexemes[i+1:])
	}
	m.endLine()
	m.close(0, m.lastEnd)
}

// A spelt token is one with its text, if it has one of its own.
type spelt struct {
	tok token.Token
	off int
	lit string
}

func (m *mender) take(l spelt, next []spelt) {
	if l.tok == token.SEMICOLON && l.lit != ";" {
		m.endLine()
		return
	}
	if m.startsStatement(l.tok, next) {
		m.close(m.block(), m.lineStart)
	}
	if l.tok == token.FUNC && declaresMethodOrFunc(next) && len(m.open) > 0 {
		m.close(0, m.lineStart)
	}
	depth := len(m.open)
	switch l.tok {
	case token.SEMICOLON:
		if h := m.header(); h != nil {
			h.semicolons++
		}
		m.first = token.SEMICOLON
	case token.IF, token.FOR, token.SWITCH, token.SELECT:
		if h := m.header(); h == nil {
			m.headers = append(m.headers, header{tok: l.tok, depth: depth})
		}
	case token.CASE, token.DEFAULT:
		m.cases = append(m.cases, depth)
	case token.COLON:
		if n := len(m.cases); n > 0 && m.cases[n-1] == depth {
			m.cases = m.cases[:n-1]
			m.first = token.SEMICOLON
		}
	case token.LPAREN:
		group := m.last == token.IMPORT || m.last == token.CONST || m.last == token.VAR || m.last == token.TYPE
		m.open = append(m.open, bracket{l.tok, group, m.statement})
	case token.LBRACK, token.LBRACE:
		if h := m.header(); h != nil && l.tok == token.LBRACE {
			m.headers = m.headers[:len(m.headers)-1]
		}
		m.open = append(m.open, bracket{l.tok, l.tok == token.LBRACE, m.statement})
	case token.RPAREN, token.RBRACK, token.RBRACE:
		if !m.closed(l) {
			return
		}
	}
	m.passed(l)
}

// passed makes l the token before.
func (m *mender) passed(l spelt) {
	switch {
	case l.tok == token.SEMICOLON, l.tok == token.LBRACE, l.tok == token.COLON && m.first == token.SEMICOLON:
		m.first, m.after = token.SEMICOLON, 0
	case m.first == token.SEMICOLON:
		m.first, m.after = l.tok, 1
	default:
		m.after++
	}
	m.last = l.tok
	m.lastEnd = max(m.lastEnd, tokenEnd(m.src, l.off, l.tok, l.lit))
	if l.tok == token.STRING && strings.HasPrefix(l.lit, `"`) && (len(l.lit) < 2 || !strings.HasSuffix(l.lit, `"`)) {
		m.insert(m.lastEnd, `"`)
	}
}

// startsStatement reports a token that cannot stand inside the parentheses that
// are open: somebody has not closed them.
func (m *mender) startsStatement(tok token.Token, next []spelt) bool {
	if n := len(m.open); n == 0 || m.open[n-1].group || m.lineStart != m.lastEnd {
		return false
	}
	switch tok {
	case token.IF, token.FOR, token.SWITCH, token.SELECT, token.RETURN, token.GO, token.DEFER,
		token.VAR, token.CONST, token.TYPE, token.IMPORT:
		return true
	case token.IDENT: // x := and x, y :=
		for i, l := range next {
			if want := []token.Token{token.COMMA, token.IDENT}[i%2]; l.tok != want {
				return i%2 == 0 && l.tok == token.DEFINE
			}
		}
	}
	return false
}

// declaresMethodOrFunc reports whether func, with next behind it, is a
// declaration, which stands at the top level.
func declaresMethodOrFunc(next []spelt) bool {
	if len(next) > 1 && next[0].tok == token.IDENT {
		return next[1].tok == token.LPAREN || next[1].tok == token.LBRACK
	}
	if len(next) == 0 || next[0].tok != token.LPAREN {
		return false
	}
	for i, l := range next {
		if l.tok == token.RPAREN {
			return i+2 < len(next) && next[i+1].tok == token.IDENT && next[i+2].tok == token.LPAREN
		}
	}
	return false
}

// block is the number of brackets up to the innermost one in which lines end.
func (m *mender) block() int {
	return 1 + strings.LastIndexFunc(m.groups(), func(r rune) bool { return r == 'g' })
}

func (m *mender) groups() string {
	var b strings.Builder
	for _, open := range m.open {
		if open.group {
			b.WriteByte('g')
		} else {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// header is the one that waits for its block at this depth, nil if none does.
func (m *mender) header() *header {
	if n := len(m.headers); n > 0 && m.headers[n-1].depth == len(m.open) {
		return &m.headers[n-1]
	}
	return nil
}

// closed handles a closing bracket, and reports whether it closes anything.
func (m *mender) closed(l spelt) bool {
	opening := map[token.Token]token.Token{token.RPAREN: token.LPAREN, token.RBRACK: token.LBRACK, token.RBRACE: token.LBRACE}[l.tok]
	i := len(m.open) - 1
	for i >= 0 && m.open[i].tok != opening {
		i--
	}
	if i < 0 {
		m.edits = append(m.edits, edit{offset: l.off, length: 1})
		return false
	}
	m.close(i+1, m.lastEnd)
	if l.tok == token.RBRACE {
		m.complete()
	}
	m.statement, m.open = m.open[i].statement, m.open[:i]
	return true
}

// close closes all but the outermost n brackets.
func (m *mender) close(n, offset int) {
	closing := map[token.Token]string{token.LPAREN: ")", token.LBRACK: "]", token.LBRACE: "}"}
	for len(m.open) > n {
		top := m.open[len(m.open)-1]
		if top.tok == token.LBRACE && offset == m.lastEnd {
			m.complete()
		}
		m.insert(offset, closing[top.tok])
		m.statement, m.open = top.statement, m.open[:len(m.open)-1]
		if top.tok == token.LBRACE && m.spawns() && m.block() == len(m.open) {
			m.insert(offset, "()")
		}
		m.last = token.RPAREN // any that closes
	}
	m.headers = slices.DeleteFunc(m.headers, func(h header) bool { return h.depth > n })
	m.cases = slices.DeleteFunc(m.cases, func(depth int) bool { return depth > n })
}

// endLine ends the statement at the end of its line.
func (m *mender) endLine() {
	m.close(m.block(), m.lastEnd)
	m.complete()
	m.first, m.after = token.SEMICOLON, 0
}

// complete gives the statement what it lacks.
func (m *mender) complete() {
	if h := m.header(); h != nil {
		text := " {}"
		switch {
		case h.tok == token.FOR && h.semicolons == 1:
			text = "; {}"
		case h.semicolons == 0 && (m.last == token.IF || m.last == token.SEMICOLON):
			text = " true {}"
		}
		m.insert(m.lastEnd, text)
		m.headers = m.headers[:len(m.headers)-1]
	}
	if n := len(m.cases); n > 0 && m.cases[n-1] == len(m.open) {
		m.insert(m.lastEnd, ":")
		m.cases = m.cases[:n-1]
	}
	if m.spawns() && m.after > 1 && m.last != token.RPAREN {
		m.insert(m.lastEnd, "()")
	}
}

// insert puts text at offset, or at the cursor if only blanks are between: somebody
// types there.
func (m *mender) insert(offset int, text string) {
	if m.atCursor && offset < m.at {
		offset = m.at
	}
	if offset < m.at {
		gap := m.src[offset:m.at]
		open := m.last == token.COMMA || m.last == token.LPAREN || m.last == token.LBRACK
		if strings.Trim(gap, " \t") == "" || open && strings.TrimSpace(gap) == "" {
			offset, m.atCursor = m.at, true
		}
	}
	m.edits = append(m.edits, edit{offset: offset, text: text})
}

// apply returns the edited text, and where the offset at of src has gone.
func (m *mender) apply(at int) (string, int) {
	slices.SortStableFunc(m.edits, func(a, b edit) int { return a.offset - b.offset })
	var b strings.Builder
	done, moved := 0, at
	for _, e := range m.edits {
		if e.offset < done {
			continue
		}
		b.WriteString(m.src[done:e.offset])
		b.WriteString(e.text)
		b.WriteString(strings.Repeat(" ", e.length))
		done = e.offset + e.length
		if e.offset < at {
			moved += len(e.text)
		}
	}
	b.WriteString(m.src[done:])
	return b.String(), moved
}
