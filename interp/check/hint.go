package check

import (
	"fmt"
	"go/types"
	"regexp"
	"strings"
)

// sameName finds two types of one name in a complaint about an assignment.
var sameName = regexp.MustCompile(`type (\w+)\) as (\w+) value`)

// hint adds to an error of go/types what the person probably meant.
func (p *pass) hint(err types.Error) string {
	// Names in messages are the user's: the package of a notebook has none.
	msg := strings.NewReplacer("main.", "", "cuaderno/interp/display.", "display.", "cuaderno/interp/comm.", "comm.", "cuaderno/mpruntime.", "mp.", "mpruntime.", "mp.").Replace(err.Msg)
	name, ok := strings.CutPrefix(msg, "undefined: ")
	if !ok {
		if m := sameName.FindStringSubmatch(msg); m != nil && m[1] == m[2] {
			msg += fmt.Sprintf(" (%s was declared again: this is a value of the old type; run again the cell that made it)", m[1])
		}
		return msg
	}
	if pkg, member, ok := strings.Cut(name, "."); ok {
		imported, err := p.session.importer.Import(p.imports[pkg])
		if err != nil {
			return msg
		}
		return msg + didYouMean(member, exported(imported.Scope()))
	}
	if hint := p.missingImport(name); hint != "" && p.used[name] {
		return msg + hint
	}
	if p.localNames[name] {
		for _, f := range p.funcs {
			if within(f.decl, err.Pos) {
				return msg + " (a generic type's methods see variables of earlier cells only)"
			}
		}
		return msg + " (it is declared further down)"
	}
	names := append(p.session.pkg.Scope().Names(), types.Universe.Names()...)
	return msg + didYouMean(name, names)
}

func exported(scope *types.Scope) []string {
	var names []string
	for _, name := range scope.Names() {
		if scope.Lookup(name).Exported() {
			names = append(names, name)
		}
	}
	return names
}

// didYouMean names the candidate nearest to name, if one is near.
func didYouMean(name string, candidates []string) string {
	best, least := "", 1+len(name)/6
	for _, candidate := range candidates {
		if strings.EqualFold(candidate, name) {
			return " (did you mean " + candidate + "?)"
		}
		if d := distance(name, candidate); d <= least && (best == "" || d < least) {
			best, least = candidate, d
		}
	}
	if len(name) < 3 || best == "" || strings.Contains(best, "ʹ") {
		return "" // any short name is near another
	}
	return " (did you mean " + best + "?)"
}

// distance is the number of characters to insert, remove, change or swap with
// their neighbour to get from a to b (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
