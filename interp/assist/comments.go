package assist

import (
	"fmt"
	"go/token"
	"strings"

	"cuaderno/interp/cell"
)

// This file reads what the notebook's own cells say about what they declare. A
// comment belongs to the line below it, or to the line that it ends.

func declaredIn(count int) string { return fmt.Sprintf("Declared in In [%d].", count) }

// commentAt is the comment on what a line of source declares, without its markers.
func commentAt(source string, line int) string {
	var above []string // of the group that ends on the line before
	aboveEnd, code := 0, 0
	for _, l := range lex(source) {
		if l.line > line {
			break
		}
		if l.tok == token.COMMENT {
			end := l.line + strings.Count(l.lit, "\n")
			switch {
			case l.line == line && code == line:
				if len(above) == 0 || aboveEnd != line-1 {
					return unmarked(l.lit)
				}
			case code == l.line || l.line == line: // it speaks of something else
				above = nil
			case aboveEnd == l.line-1:
				above, aboveEnd = append(above, unmarked(l.lit)), end
			default:
				above, aboveEnd = []string{unmarked(l.lit)}, end
			}
			continue
		}
		if l.tok != token.SEMICOLON || l.lit == ";" {
			code = l.line
		}
	}
	if aboveEnd != line-1 {
		return ""
	}
	return strings.Join(above, "\n")
}

// unmarked takes the markers off a comment.
func unmarked(text string) string {
	if body, ok := strings.CutPrefix(text, "//"); ok {
		return strings.TrimPrefix(strings.TrimRight(body, "\r"), " ")
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "/*"), "*/"))
}

// declarationAt is the text of the declaration of name that starts before or on a
// line of source and goes on at least to it, "" if there is none.
func declarationAt(source string, line int, name string) string {
	for _, item := range cell.Split(source).Items {
		first := 1 + strings.Count(source[:item.Start], "\n")
		text := source[item.Start:item.End]
		if first > line || line > first+strings.Count(text, "\n") {
			continue
		}
		switch item.Kind {
		case cell.Func, cell.Type:
			if strings.Contains(text, name) {
				return text
			}
		}
	}
	return ""
}
