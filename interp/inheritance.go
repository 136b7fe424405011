package interp

import (
	"fmt"
	"maps"
	"slices"

	"cuaderno/interp/remains"
)

// An inheritance is what the sessions before this one have left, and nobody has
// restored: their declarations, and the values of variables. The session's
// checkpoints carry the values on, so that they outlive it in turn. It is guarded
// by the turn of the checkpoints.
type inheritance struct {
	declared []*declaration
	// names lead to the unit that declared what a name meant, variables says which
	// of them are variables, imports are packages by name.
	names     map[string]int
	variables map[string]bool
	imports   map[string]string

	entries []remains.Entry
	lost    []remains.Loss
	// damage is why not all that they left can be read, nil if it can.
	damage error
	// newer are the names that cells of this session have given a meaning of their own.
	newer []string
}

// inherited returns what the declarations of earlier sessions come to.
func inherited(declared []*declaration) *inheritance {
	h := &inheritance{declared: declared, names: map[string]int{}, variables: map[string]bool{}, imports: map[string]string{}}
	for _, d := range declared {
		for _, name := range slices.Concat(d.Variables, d.Others) {
			h.names[name] = d.Serial
			h.variables[name] = slices.Contains(d.Variables, name)
		}
		for _, name := range d.Gone {
			delete(h.names, name)
		}
		maps.Copy(h.imports, d.Imports)
	}
	return h
}

// inherit takes over the values that are in the file.
func (h *inheritance) inherit(t *remains.Table) {
	known := map[remains.Variable]bool{}
	for _, e := range t.Entries {
		if e.Cell == 0 {
			e.Cell = t.Cell
		}
		h.entries = append(h.entries, e)
		for _, v := range e.Variables {
			known[remains.Variable{Unit: v.Unit, Name: v.Name}] = true
		}
	}
	h.lost = t.Lost
	for _, l := range t.Lost {
		known[remains.Variable{Unit: l.Unit, Name: l.Name}] = true
	}
	// What the table does not know was declared when nothing could be written, unless
	// the table is not what it was.
	for _, d := range h.declared {
		for _, name := range d.Variables {
			if !known[remains.Variable{Unit: d.Serial, Name: name}] {
				v := remains.Variable{Unit: d.Serial, Name: name, Hidden: h.names[name] != d.Serial}
				why := fmt.Sprintf("In [%d] did not end", d.Count)
				if h.damage != nil {
					why = "what was kept of it cannot be read"
				}
				h.lost = append(h.lost, remains.Loss{Variable: v, Why: why})
			}
		}
	}
}

// empty reports whether there is nothing to restore.
func (h *inheritance) empty() bool { return len(h.declared) == 0 && h.damage == nil }

// hide notes that a cell of this session has given a name a meaning of its own.
func (h *inheritance) hide(name string) {
	if _, known := h.names[name]; !known {
		return
	}
	delete(h.names, name)
	h.newer = append(h.newer, name)
	for _, e := range h.entries {
		for i := range e.Variables {
			if e.Variables[i].Name == name {
				e.Variables[i].Hidden = true
			}
		}
	}
	for i := range h.lost {
		if h.lost[i].Name == name {
			h.lost[i].Hidden = true
		}
	}
}

// declarations returns how many functions, types and constants can be restored.
func (h *inheritance) declarations() int {
	n := 0
	for name := range h.names {
		if !h.variables[name] {
			n++
		}
	}
	return n
}

// left returns what is to be carried on.
func (h *inheritance) left() ([]remains.Entry, []remains.Loss) {
	return slices.Clone(h.entries), slices.Clone(h.lost)
}

// size returns how many bytes that takes.
func (h *inheritance) size() int {
	n := 0
	for _, e := range h.entries {
		n += int(e.Length)
	}
	return n
}
