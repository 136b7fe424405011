package interp

import (
	"cmp"
	"slices"

	"cuaderno/internal/codec"
	"cuaderno/interp/remains"
)

// A part is memory that a value of a group refers to: of the member with a number.
type part struct {
	at, end uintptr
	member  int
}

// detached returns which members of a group have pointers or slices into what another
// refers to, or itself: a message does not keep that. Bounds are how many references
// the message has after each member; the first are the variables.
func detached(enc *codec.Encoder, bounds []int) []remains.Detachment {
	if len(bounds) == 0 || bounds[len(bounds)-1] == len(bounds) {
		return nil // but for variables it refers to nothing
	}
	var parts []part
	member := 0
	for i := range bounds[len(bounds)-1] {
		owner := i
		if i >= len(bounds) {
			for bounds[member] <= i {
				member++
			}
			owner = member
		}
		if at, size, ok := enc.Reference(i); ok && size > 0 {
			parts = append(parts, part{at, at + size, owner})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.end, a.end))
	})
	var found []remains.Detachment
	whole := part{}
	for _, p := range parts {
		if p.at >= whole.end {
			whole = p
			continue
		}
		if d := (remains.Detachment{Variable: p.member, Of: whole.member}); !slices.Contains(found, d) {
			found = append(found, d)
		}
		if p.end > whole.end {
			whole = p
		}
	}
	slices.SortFunc(found, func(a, b remains.Detachment) int {
		return cmp.Or(cmp.Compare(a.Variable, b.Variable), cmp.Compare(a.Of, b.Of))
	})
	return found
}
