// Package remains is the file in which a session leaves what can be brought back
// after its death: the values of variables, and a table of contents. Whoever has the
// file open, the kernel and the session that comes next, reads it when its writer
// has died, at whatever moment.
//
// It is the second part of the file in which the processes of a notebook find what
// its cells have declared, from [Offset] on:
//
//	two slots of 64 bytes    where the table of contents is, the later one counts
//	extents                  values (messages of package codec) and tables
//
// [Store.Commit] writes values and table where nothing is that the last commit
// needs, and then the other slot. A writer that dies before the slot is whole
// leaves the commit before. What no commit needs any more is used again, and its
// memory given back where the system can.
package remains

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Offset is where the remains begin in the file. What comes before is much
// shorter.
const Offset = 1 << 32

// A Variable is a session variable: the number of the unit that declared it, and
// its name.
type Variable struct {
	Unit int
	Name string
	// Hidden says that the name means something else for the cells to come. Older
	// functions may still use the variable.
	Hidden bool
}

// compare puts the variables of earlier cells first.
func (v Variable) compare(w Variable) int {
	return cmp.Or(cmp.Compare(v.Unit, w.Unit), cmp.Compare(v.Name, w.Name))
}

// An Entry is variables whose values were kept in one message.
type Entry struct {
	Variables []Variable
	// Cell is the number of the cell after which they had these values, 0 for that
	// of the Table.
	Cell int
	// Detached are pointers and slices into values, which %restore makes copies.
	Detached []Detachment
	// Offset and Length say where the message is in the file.
	Offset, Length int64
	// Tries is how often it was being brought back when the session died. The reader
	// of a table finds what was tried twice among what is lost: it is what they died of.
	Tries int
}

// maxTries is how often sessions may die of an entry. Who is killed by others, at
// that moment, dies once.
const maxTries = 2

// A Detachment says that one variable of an Entry, or something that it leads to,
// pointed into what belongs to another, or to itself.
type Detachment struct{ Variable, Of int }

// A Loss is a variable whose value was not kept.
type Loss struct {
	Variable
	// Why is a few words for people.
	Why string
}

// A Table says what there is.
type Table struct {
	// Cell is the number of the cell after which the values were read, 0 if none was.
	Cell int
	// Declarations is how many functions, types and constants are declared.
	Declarations int
	Entries      []Entry
	Lost         []Loss
}

// giveUp makes losses of the entries that sessions died of.
func (t *Table) giveUp() {
	t.Entries = slices.DeleteFunc(t.Entries, func(e Entry) bool {
		if e.Tries < maxTries {
			return false
		}
		for _, v := range e.Variables {
			t.Lost = append(t.Lost, Loss{v, "bringing it back ended the session, twice"})
		}
		return true
	})
}

// shownNames is how many variables are named to people that are not lost.
const shownNames = 12

// Lines says to people what %restore brings back and what it does not; nil if there
// is nothing.
func (t *Table) Lines() []string {
	var lines []string
	if what := t.Restored(); what != "" {
		lines = append(lines, "%restore brings back "+what+".")
	}
	if losses := t.Losses(); losses != "" {
		lines = append(lines, "It cannot bring back "+losses+".")
	}
	return lines
}

// Restored enumerates what is kept, "" if that is nothing.
func (t *Table) Restored() string {
	var parts []string
	if t.Declarations > 0 {
		parts = append(parts, count(t.Declarations, "declaration"))
	}
	for _, cell := range t.cells() {
		parts = append(parts, fmt.Sprintf("%s as after In [%d]", list(t.names(cell)), cell))
	}
	return strings.Join(parts, ", and ")
}

// cells returns the numbers of the cells after which values were read, in order.
func (t *Table) cells() []int {
	var cells []int
	for _, e := range t.Entries {
		if cell := cmp.Or(e.Cell, t.Cell); !slices.Contains(cells, cell) && len(t.names(cell)) > 0 {
			cells = append(cells, cell)
		}
	}
	slices.Sort(cells)
	return cells
}

// names returns the names of the variables whose values were read after a cell, those
// of earlier cells first.
func (t *Table) names(cell int) []string {
	var found []Variable
	for _, e := range t.Entries {
		for _, v := range e.Variables {
			if !v.Hidden && cmp.Or(e.Cell, t.Cell) == cell {
				found = append(found, v)
			}
		}
	}
	slices.SortFunc(found, Variable.compare)
	names := make([]string, len(found))
	for i, v := range found {
		names[i] = v.Name
	}
	return names
}

// Losses names all variables that are lost, by their reasons, "" if none is.
func (t *Table) Losses() string {
	var reasons []string
	names := map[string][]string{}
	for _, l := range slices.SortedFunc(slices.Values(t.Lost), func(a, b Loss) int { return a.compare(b.Variable) }) {
		if l.Hidden {
			continue
		}
		if names[l.Why] == nil {
			reasons = append(reasons, l.Why)
		}
		names[l.Why] = append(names[l.Why], l.Name)
	}
	var parts []string
	for _, why := range reasons {
		parts = append(parts, fmt.Sprintf("%s (%s)", strings.Join(names[why], ", "), why))
	}
	return strings.Join(parts, ", ")
}

// Copies says of which variables parts are copies after %restore that were parts of
// others, "" if there are none.
func (t *Table) Copies() string {
	var parts []string
	for _, e := range t.Entries {
		for _, d := range e.Detached {
			v, of := e.Variables[d.Variable], e.Variables[d.Of]
			switch {
			case v.Hidden && of.Hidden:
			case d.Variable == d.Of:
				parts = append(parts, v.Name+" (parts of it shared memory)")
			default:
				parts = append(parts, fmt.Sprintf("%s (it pointed into %s)", v.Name, of.Name))
			}
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ", ")
}

// list enumerates names, the first of many.
func list(names []string) string {
	if n := len(names) - shownNames; n > 0 {
		return fmt.Sprintf("%s and %d more variables", strings.Join(names[:shownNames], ", "), n)
	}
	return strings.Join(names, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
