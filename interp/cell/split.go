// Package cell turns the text of a notebook cell into Go syntax.
//
// A cell is Go as people write it in a notebook: imports, declarations and
// statements in any order, with no package clause and no func main. Split cuts
// the text into top-level items by its tokens alone, so that it also works on
// code that does not parse. Parse then lays the items out as a file that the Go
// parser accepts, imports and declarations first and the statements in the body
// of a function, and keeps the way back from each position to the line and
// column the person typed.
package cell

import (
	"go/scanner"
	"go/token"
	"strings"
)

// A Kind tells the top-level items of a cell apart.
type Kind int

// The kinds of items. A Var stays among the statements, because its
// initialiser runs when its turn comes.
const (
	Package Kind = iota
	Import
	Const
	Type
	Func
	Var
	Statement
)

// An Item is one top-level declaration or statement.
type Item struct {
	Kind       Kind
	Start, End int // byte offsets in the cell's text; End is after the last token
}

// A Layout is a cell cut into items.
type Layout struct {
	Items []Item
	// Quiet reports that an explicit semicolon follows the last item: its
	// value is not shown.
	Quiet bool
	// Open is the number of brackets that are not closed at the end.
	Open int
	// Unterminated is where a string or comment starts that has no end, and
	// Stray where a bracket closes that nothing has opened; -1 if there is none.
	Unterminated, Stray int
}

type lexeme struct {
	tok token.Token
	off int
}

// Split cuts src into its top-level items.
func Split(src string) Layout {
	var (
		s      scanner.Scanner
		layout = Layout{Unterminated: -1, Stray: -1}
		item   []lexeme
		end    int
		header bool // between for, if or switch and its block: semicolons separate clauses
	)
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, []byte(src), func(pos token.Position, msg string) {
		if msg == "raw string literal not terminated" || msg == "comment not terminated" {
			layout.Unterminated = pos.Offset
		}
	}, 0)
	flush := func() {
		if len(item) > 0 {
			layout.Items = append(layout.Items, Item{kindOf(item), item[0].off, end})
			item = item[:0]
		}
	}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		off := file.Offset(pos)
		end = min(end, off) // the text of an invalid byte is longer than the byte
		if tok == token.SEMICOLON && layout.Open <= 0 && !(header && lit == ";") {
			header = false
			if lit == ";" {
				layout.Quiet = true
			}
			flush()
			continue
		}
		switch tok {
		case token.FOR, token.IF, token.SWITCH:
			header = header || layout.Open == 0
		case token.LPAREN, token.LBRACK, token.LBRACE:
			header = header && (layout.Open != 0 || tok != token.LBRACE)
			layout.Open++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			layout.Open--
			if layout.Open < 0 && layout.Stray < 0 {
				layout.Stray = off
			}
		}
		if tok == token.SEMICOLON && lit != ";" {
			continue // an automatic semicolon has no text of its own
		}
		layout.Quiet = false
		item = append(item, lexeme{tok, off})
		end = tokenEnd(src, off, tok, lit)
	}
	flush()
	return layout
}

// tokenEnd returns where a token ends in src. The scanner leaves carriage returns
// out of a raw string's text.
func tokenEnd(src string, off int, tok token.Token, lit string) int {
	if strings.HasPrefix(lit, "`") {
		if n := strings.IndexByte(src[off+1:], '`'); n >= 0 {
			return off + n + 2
		}
		return len(src)
	}
	if lit == "" {
		lit = tok.String()
	}
	return min(off+len(lit), len(src))
}

func kindOf(item []lexeme) Kind {
	switch item[0].tok {
	case token.PACKAGE:
		return Package
	case token.IMPORT:
		return Import
	case token.CONST:
		return Const
	case token.TYPE:
		return Type
	case token.VAR:
		return Var
	case token.FUNC:
		if declaresFunc(item) {
			return Func
		}
	}
	return Statement
}

// declaresFunc tells func f() and func (t T) m() from a function literal that
// is called on the spot: after func, or after the receiver in parentheses, a
// declaration has a name and then an opening parenthesis or bracket.
func declaresFunc(item []lexeme) bool {
	i := 1
	if i < len(item) && item[i].tok == token.LPAREN {
		for depth := 0; i < len(item); {
			switch item[i].tok {
			case token.LPAREN:
				depth++
			case token.RPAREN:
				depth--
			}
			i++
			if depth == 0 {
				break
			}
		}
	}
	return i+1 < len(item) && item[i].tok == token.IDENT &&
		(item[i+1].tok == token.LPAREN || item[i+1].tok == token.LBRACK)
}
