package check

import (
	"go/types"
	"strings"
)

// hint adds to an error of go/types what the person probably meant.
func (p *pass) hint(msg string) string {
	// Names in messages are the user's: the package of a notebook has none.
	msg = strings.NewReplacer("main.", "", "cuaderno/interp/display.", "display.", "cuaderno/mpruntime.", "mp.", "mpruntime.", "mp.").Replace(msg)
	name, ok := strings.CutPrefix(msg, "undefined: ")
	if !ok {
		return msg
	}
	if pkg, member, ok := strings.Cut(name, "."); ok {
		imported, err := p.session.importer.Import(p.imports[pkg])
		if err != nil {
			return msg
		}
		return msg + didYouMean(member, exported(imported.Scope()))
	}
	if hint := p.ambiguous(name); hint != "" && p.used[name] {
		return msg + hint
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
	best, least := "", 1+len(name)/4
	for _, candidate := range candidates {
		if strings.EqualFold(candidate, name) {
			return " (did you mean " + candidate + "?)"
		}
		if d := distance(name, candidate); d <= least && (best == "" || d < least) {
			best, least = candidate, d
		}
	}
	if best == "" || strings.Contains(best, "ʹ") {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// distance is the Levenshtein distance of a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
