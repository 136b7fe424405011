package interp

import (
	"cmp"
	"fmt"
	"go/types"
	"maps"
	"slices"

	"cuaderno/interp/check"
	"cuaderno/interp/engine/compiled"
)

// This file writes what cells declare to the log, and declares it in other
// processes of the notebook: each cell when something of it is first met, or
// while the process has nothing better to do. No statement of a cell runs there.

// publish notes what a cell has declared, for the processes of the notebook and the
// session that may take the place of this one.
func (e *evaluator) publish(serial, count int, code string, shown bool, unit *check.Unit, program *compiled.Program) (declaration, error) {
	env := unit.Environment()
	d := declaration{
		Serial: serial, Count: count, Shown: shown, Code: code,
		Needs: program.Needs(), Imports: env.Imports, Names: map[string]int{},
		Defines: len(unit.Types)+len(unit.Funcs) > 0,
	}
	for name, obj := range env.Names {
		if declaredIn := e.engine.DeclaredIn(obj); declaredIn != 0 && declaredIn != serial {
			d.Names[name] = declaredIn
		}
	}
	for _, t := range unit.Grown {
		d.Grows = append(d.Grows, e.engine.DeclaredIn(t))
	}
	for name, obj := range program.Declares() {
		if _, isVariable := obj.(*types.Var); isVariable {
			d.Variables = append(d.Variables, name)
		} else {
			d.Others = append(d.Others, name)
		}
	}
	for name := range env.Names {
		if e.checker.Lookup(name) == nil {
			d.Gone = append(d.Gone, name)
		}
	}
	return d, e.log.append(d)
}

// declare makes sure that units, and all that they need, are declared here.
func (e *evaluator) declare(serials ...int) error {
	if !e.child {
		return nil // it is the session that has declared them
	}
	serials = slices.DeleteFunc(slices.Clone(serials), e.engine.Loaded)
	if len(serials) == 0 {
		return nil
	}
	e.declaring.Lock()
	defer e.declaring.Unlock()
	needed := map[int]*declaration{}
	for _, serial := range serials {
		if err := e.need(serial, needed); err != nil {
			return err
		}
	}
	if len(needed) == 0 {
		return nil // another goroutine was faster
	}
	if err := e.needGrown(needed); err != nil {
		return err
	}
	for _, d := range slices.SortedFunc(maps.Values(needed), func(a, b *declaration) int { return cmp.Compare(a.Serial, b.Serial) }) {
		if err := e.declareCell(d); err != nil {
			return fmt.Errorf("declaring In [%d]: %w", d.Count, err)
		}
	}
	return nil
}

// need adds a unit, and those that it needs, unless they are declared here.
func (e *evaluator) need(serial int, needed map[int]*declaration) error {
	if needed[serial] != nil || e.engine.Loaded(serial) {
		return nil
	}
	if e.log == nil {
		return fmt.Errorf("this process cannot know what cells have declared")
	}
	d, err := e.log.find(serial)
	if err != nil {
		return err
	}
	if d == nil {
		return fmt.Errorf("the cell that declares it is not known here")
	}
	needed[serial] = d
	for _, serial := range d.Needs {
		if err := e.need(serial, needed); err != nil {
			return err
		}
	}
	for _, serial := range d.Names {
		if err := e.need(serial, needed); err != nil {
			return err
		}
	}
	return nil
}

// needGrown adds the units that had given methods to types of the needed ones when
// the last of these was checked.
func (e *evaluator) needGrown(needed map[int]*declaration) error {
	all, err := e.log.read()
	if err != nil {
		return err
	}
	for again := true; again; {
		again = false
		last := slices.Max(slices.Collect(maps.Keys(needed)))
		for _, d := range all {
			if d.Serial > last || len(d.Grows) == 0 || needed[d.Serial] != nil || e.engine.Loaded(d.Serial) {
				continue
			}
			if slices.ContainsFunc(d.Grows, func(serial int) bool { return needed[serial] != nil || e.engine.Loaded(serial) }) {
				if err := e.need(d.Serial, needed); err != nil {
					return err
				}
				again = true
			}
		}
	}
	return nil
}

// declareCell checks and loads a cell of the session as the session did.
func (e *evaluator) declareCell(d *declaration) (err error) {
	env := check.Environment{Imports: d.Imports, Names: map[string]types.Object{}}
	for name, serial := range d.Names {
		obj := e.engine.Declaration(serial, name)
		if obj == nil {
			return fmt.Errorf("%s is not declared here", name)
		}
		env.Names[name] = obj
	}
	unit, err := e.checker.CheckIn(env, d.Count, d.Code)
	if err != nil {
		return err
	}
	if _, err := e.engine.Load(d.Serial, unit); err != nil {
		unit.Rollback()
		return err
	}
	unit.Commit()
	if d.Shown {
		e.show(d.Count, d.Serial, d.Code)
	}
	return nil
}

// Warm declares what cells have declared so far, as long as there is nothing else
// to do.
func (e *evaluator) Warm(busy func() bool) {
	if e.log == nil {
		return
	}
	all, err := e.log.read()
	if err != nil {
		return // what goes wrong here goes wrong again with somebody to tell
	}
	// The latest are the likeliest: those before were replaced, or are met later.
	for _, d := range all[max(0, len(all)-warmed):] {
		if busy() {
			return
		}
		if d.Defines {
			_ = e.declare(d.Serial) // see above
		}
	}
}

// warmed is how many declarations an idle process prepares for.
const warmed = 200
