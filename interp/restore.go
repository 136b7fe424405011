package interp

import (
	"context"
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strings"

	"cuaderno/internal/codec"
	"cuaderno/interp/check"
	"cuaderno/interp/engine/compiled"
	"cuaderno/interp/lang"
	"cuaderno/interp/remains"
	"cuaderno/mpruntime"
)

// This file brings back what a session has lost that died: its declarations, each
// as if its cell had just been run, without running a statement of it, and then the
// values of its variables. The units keep their numbers, so that values find their
// types and functions by the names that these had, and children theirs.

// restoreCell runs a cell %restore.
func (s *Session) restoreCell(ctx context.Context, _ string, out lang.Output) lang.Outcome {
	if err := s.takeChecker(ctx); err != nil {
		return neverCompiled(err)
	}
	defer s.checking.give()
	c := s.checkpoints
	if c == nil {
		return failed(newError("RestoreError", "nothing can be restored: this system does not let a session keep anything", nil))
	}
	if c.turn.take(ctx) != nil {
		return neverRan()
	}
	defer c.unlock()
	if c.before.empty() {
		lines := append([]string{"There is nothing to restore: no session of this notebook has crashed since the last %restore."}, c.trouble()...)
		out.Stdout([]byte(strings.Join(lines, "\n") + "\n"))
		return lang.Outcome{}
	}
	r := restoration{c: c, h: c.before}
	r.declare()
	for i := range r.h.entries {
		c.trying(i)
		r.decode(r.h.entries[i])
	}
	c.groups = slices.DeleteFunc(c.groups, func(g *group) bool { return len(g.members) == 0 })
	r.told.Declarations = r.h.declarations()
	r.told.Lost = append(r.told.Lost, r.h.lost...)
	if err := r.h.damage; err != nil {
		r.failed = append(r.failed, fmt.Sprintf("Not all that the session before has left can be read: %v.", err))
	}
	c.before = inherited(nil)
	c.commit(nil)
	mpruntime.Declared()
	out.Stdout([]byte(r.report()))
	return lang.Outcome{}
}

// A restoration is one %restore.
type restoration struct {
	c *checkpoints
	h *inheritance

	told   remains.Table // what came back, and what did not
	failed []string      // sentences
}

// declare declares what was declared, and gives the names of which no cell of this
// session has made something else the meaning that they had.
func (r *restoration) declare() {
	e := r.c.e
	now := e.checker.Names()
	for _, d := range r.h.declared {
		if err := e.declareCell(d); err != nil {
			r.failed = append(r.failed, fmt.Sprintf("In [%d] could not be declared again: %v", d.Count, err))
			continue
		}
		for _, name := range d.Variables {
			r.variable(compiled.Variable{Unit: d.Serial, Name: name})
		}
	}
	names := maps.Clone(now.Names)
	for name, serial := range r.h.names {
		path, imported := now.Imports[name]
		if names[name] != nil || imported && r.h.imports[name] != path {
			r.h.newer = append(r.h.newer, name)
			continue
		}
		obj := e.engine.Declaration(serial, name)
		if obj == nil {
			continue // its cell is among those that failed
		}
		names[name] = obj
		if _, isVariable := obj.(*types.Var); !isVariable {
			r.c.others[name] = true
		} else if k := r.c.byVariable[compiled.Variable{Unit: serial, Name: name}]; k != nil {
			k.Hidden = false
			r.c.variables[name] = k
		}
	}
	imports := maps.Clone(r.h.imports)
	maps.Copy(imports, now.Imports)
	e.checker.Resume(check.Environment{Imports: imports, Names: names})
}

// variable makes a restored variable one of the session's.
func (r *restoration) variable(v compiled.Variable) {
	value, err := r.c.e.engine.Variable(v)
	if err != nil {
		r.failed = append(r.failed, err.Error())
		return
	}
	k := r.c.add(v, value)
	k.why = "it was not restored"
}

// trying writes that an entry which was inherited is being brought back, should the
// session die of it. What is stored stays as it is.
func (c *checkpoints) trying(n int) {
	if c.store == nil {
		return
	}
	c.before.entries[n].Tries++
	t := &remains.Table{Cell: c.cell, Declarations: len(c.others) + c.before.declarations()}
	t.Entries, t.Lost = c.before.left()
	waiting, known := map[int64]bool{}, map[remains.Variable]bool{}
	for _, e := range t.Entries {
		waiting[e.Offset] = true
		for _, v := range e.Variables {
			v.Hidden = false
			known[v] = true
		}
	}
	for _, g := range c.groups {
		switch {
		case g.stored && !waiting[g.entry.Offset]:
			t.Entries = append(t.Entries, g.entry)
		case !g.stored:
			for _, k := range g.members {
				if !known[remains.Variable{Unit: k.Variable.Unit, Name: k.Variable.Name}] {
					t.Lost = append(t.Lost, remains.Loss{Variable: k.Variable, Why: k.why})
				}
			}
		}
	}
	c.check(c.store.Commit(t, nil))
}

// decode gives the variables of an entry their values.
func (r *restoration) decode(e remains.Entry) {
	err := r.set(e)
	if err == nil {
		r.told.Entries = append(r.told.Entries, e)
		return
	}
	why := codec.Errorf("%w", err).Error()
	for _, v := range e.Variables {
		r.told.Lost = append(r.told.Lost, remains.Loss{Variable: v, Why: strings.TrimPrefix(why, "mp: ")})
	}
}

// set decodes an entry. Variables change only if all of it can be read.
func (r *restoration) set(e remains.Entry) error {
	data, err := remains.Load(r.c.e.log.file, e)
	if err != nil {
		return err
	}
	dec, err := codec.NewDecoder(codec.Message{Bytes: data}, r.c.kinds.domain)
	if err != nil {
		return err
	}
	defer dec.Close()
	values := make([]reflect.Value, len(e.Variables))
	variables := make([]*kept, len(e.Variables))
	for i, v := range e.Variables {
		k := r.c.byVariable[compiled.Variable{Unit: v.Unit, Name: v.Name}]
		if k == nil {
			return fmt.Errorf("%s is not declared", v.Name)
		}
		variables[i], values[i] = k, reflect.New(k.value.Type()).Elem()
		dec.Variable(k.value)
	}
	for i := range values {
		if err := dec.Decode(values[i]); err != nil {
			return err
		}
	}
	e.Tries = 0
	g := &group{members: variables, changed: true, stored: true, entry: e}
	for i, k := range variables {
		k.value.Set(values[i])
		k.group.members = nil
		k.group = g
	}
	r.c.groups = append(r.c.groups, g)
	return nil
}

// trouble says why nothing is kept for the next %restore, if that is so.
func (c *checkpoints) trouble() []string {
	if c.why == nil {
		return nil
	}
	return []string{fmt.Sprintf("Of this session nothing is kept any more, should it crash: %v.", c.why)}
}

// report says what came back and what did not.
func (r *restoration) report() string {
	var lines []string
	if line := r.told.Restored(); line != "" {
		lines = append(lines, "Restored "+line+".")
	}
	if losses := r.told.Losses(); losses != "" {
		lines = append(lines, "Declared, without the value that it had: "+losses+".")
	}
	if copies := r.told.Copies(); copies != "" {
		lines = append(lines, "With copies of their own of what they shared: "+copies+".")
	}
	if len(r.h.newer) > 0 {
		slices.Sort(r.h.newer)
		lines = append(lines, "As cells have declared them since: "+strings.Join(r.h.newer, ", ")+".")
	}
	lines = append(lines, r.failed...)
	if len(lines) == 0 {
		lines = append(lines, "Restored what cells had imported.")
	}
	lines = append(lines, r.c.trouble()...)
	return strings.Join(lines, "\n") + "\n"
}
