package interp

import (
	"slices"

	"cuaderno/interp/engine"
)

// A reach is what can be reached from a name through what programs define.
type reach struct {
	all     []*engine.Program
	names   map[string]bool // reachable when the target runs
	declare map[int]bool    // programs that must be declared, by index
	defined map[string][]int
}

func newReach(programs []*engine.Program) *reach {
	r := &reach{all: programs, names: map[string]bool{}, declare: map[int]bool{}, defined: map[string][]int{}}
	for i, p := range programs {
		for name := range p.Defines {
			r.defined[name] = append(r.defined[name], i)
		}
	}
	return r
}

// from adds name and all that it needs. A program is declared as a whole: what
// its other definitions mention must be declared too, but its value is not
// reachable by that.
func (r *reach) from(name string) {
	if r.names[name] {
		return
	}
	r.names[name] = true
	programs := r.defined[name]
	for _, i := range programs {
		r.require(i)
	}
	if len(programs) == 0 {
		return
	}
	// The last program that defines a name says what it is now.
	for _, need := range r.all[programs[len(programs)-1]].Defines[name].Needs {
		r.from(need)
	}
}

func (r *reach) require(i int) {
	if r.declare[i] {
		return
	}
	r.declare[i] = true
	for _, def := range r.all[i].Defines {
		for _, need := range def.Needs {
			for _, j := range r.defined[need] {
				r.require(j)
			}
		}
	}
}

// programs returns what must be declared, in the order in which it was.
func (r *reach) programs() []*engine.Program {
	var list []*engine.Program
	for i, p := range r.all {
		if r.declare[i] {
			list = append(list, p)
		}
	}
	return list
}

// variables returns the names of the reachable session variables.
func (r *reach) variables() []string {
	var list []string
	for name := range r.names {
		for _, i := range r.defined[name] {
			if r.all[i].Defines[name].Kind == engine.VarDef {
				list = append(list, name)
				break
			}
		}
	}
	slices.Sort(list)
	return list
}

// living returns the programs without those that nothing needs any more: a name
// is declared by the first program that defines it, and bound by the last.
func living(programs []*engine.Program) []*engine.Program {
	first, last := map[string]int{}, map[string]int{}
	for i, p := range programs {
		for name := range p.Defines {
			if _, ok := first[name]; !ok {
				first[name] = i
			}
			last[name] = i
		}
	}
	alive := programs[:0:0]
	for i, p := range programs {
		for name := range p.Defines {
			if first[name] == i || last[name] == i {
				alive = append(alive, p)
				break
			}
		}
	}
	return alive
}

// label is how messages call name.
func (r *reach) label(name string) string {
	for _, i := range r.defined[name] {
		return r.all[i].Defines[name].Label
	}
	return name
}
