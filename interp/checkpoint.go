package interp

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"hash/maphash"
	"io"
	"reflect"
	"slices"
	"time"

	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/interp/remains"
)

// This file keeps what a session leaves for the one that takes its place: after
// each cell, before the next begins, it reads the variables that the cell may have
// changed, while goroutines stand still, and writes those that differ (snapshot.go)
// to the session's remains (package remains).
//
// What a cell may have changed is what its statements can reach: the variables that
// they mention, and those that the functions mention which they call, or find in
// variables; with each variable all that share memory with it. Where goroutines of
// the notebook run besides, it is everything.

const (
	// checkpointSize is how many bytes all values together may take in the remains, if
	// that is not a larger part of the session's memory than memoryPart, and hiddenSize
	// how many those that no name leads to any more may take for each.
	checkpointSize = 64 << 20
	memoryPart     = 8
	hiddenSize     = 1 << 20
	// checkpointTime is how long the reading of a checkpoint may take, and
	// standstillTime how long it may wait for goroutines to stand still.
	checkpointTime = 50 * time.Millisecond
	standstillTime = 20 * time.Millisecond
)

// Checkpoints are what a session writes of itself. They are safe for concurrent use.
type checkpoints struct {
	e *evaluator

	size int // that all values together may have

	turn  turn           // also taken while a checkpoint is
	store *remains.Store // nil if nothing can be kept
	why   error          // that is so
	kinds *keptKinds
	seed  maphash.Seed
	// groups are the variables of the session, and byVariable leads to them.
	groups     []*group
	byVariable map[compiled.Variable]*kept
	// variables and others are what names mean at the top level.
	variables map[string]*kept
	others    map[string]bool
	// before is what sessions before this one left and nobody has restored.
	before *inheritance

	// ran are the programs that have run since the last checkpoint, begun and running
	// the engine's Activity then.
	ran     []*compiled.Program
	begun   uint64
	running int
	cell    int // after which values were read
}

// A kept variable is one of the session.
type kept struct {
	remains.Variable
	value reflect.Value
	group *group
	why   string // it is lost
}

// A group is the variables that share memory, which are kept in one message.
type group struct {
	members []*kept
	changed bool // since it was read
	stored  bool // entry says where
	entry   remains.Entry
	sum     uint64 // hash of the message
	// opaque says that the values could not be read and may lead to functions, so that
	// nobody knows what can be reached by them; functions and types are those that were met in the values.
	opaque    bool
	functions []compiled.Function
	types     []reflect.Type
	// cost is how long the reading took, or lasted before it was given up. Rest is how
	// many checkpoints do without a group that took too long, and rests how many the
	// next time.
	cost        time.Duration
	rest, rests int
}

func (c *checkpoints) lock() { c.turn <- struct{}{} }

func (c *checkpoints) unlock() { c.turn.give() }

// newCheckpoints returns those of a session, in the file of its log.
func newCheckpoints(e *evaluator, before *inheritance, size int) *checkpoints {
	c := &checkpoints{
		e: e, turn: make(turn, 1), size: size, kinds: newKeptKinds(e.linker), seed: maphash.MakeSeed(), before: before,
		byVariable: map[compiled.Variable]*kept{}, variables: map[string]*kept{}, others: map[string]bool{},
	}
	var table *remains.Table
	c.store, table, c.why = remains.Open(e.log.file)
	switch {
	case before.damage != nil:
		// The values are those of units whose numbers others get.
		table = &remains.Table{}
		c.commit(nil)
	case c.store == nil:
		table = &remains.Table{}
		if !before.empty() {
			before.damage = c.why
		}
	case c.why != nil:
		before.damage, c.why = c.why, nil
	}
	before.inherit(table)
	return c
}

// resume goes on where a session left off that died: numbers of units go on, and what
// it left can be restored. Where that cannot be read, the session begins anew.
func (e *evaluator) resume(memoryLimit uint64) (*checkpoints, error) {
	if e.log == nil {
		return nil, nil
	}
	before, damage, err := e.log.resume()
	if err != nil {
		return nil, err
	}
	if n := len(before); n > 0 {
		e.serial = before[n-1].Serial
	}
	size := checkpointSize
	if memoryLimit > 0 {
		size = int(min(checkpointSize, memoryLimit/memoryPart))
	}
	h := inherited(before)
	h.damage = damage
	return newCheckpoints(e, h, size), nil
}

// declared notes what a unit declares, which runs next.
func (c *checkpoints) declared(serial, count int, p *compiled.Program, gone []string) {
	if c == nil || len(p.Declares())+len(gone) == 0 {
		return
	}
	c.lock()
	defer c.unlock()
	for _, name := range gone {
		c.means(name, nil)
	}
	for name, obj := range p.Declares() {
		v, ok := obj.(*types.Var)
		if !ok {
			c.means(name, nil)
			c.others[name] = true
			continue
		}
		k := c.add(compiled.Variable{Unit: serial, Name: name}, c.e.engine.SessionVariable(v))
		k.why = fmt.Sprintf("In [%d] did not end", count)
		c.means(name, k)
	}
	c.commit(nil)
}

// means notes what a name means from now on: a variable, or something else.
func (c *checkpoints) means(name string, k *kept) {
	if old := c.variables[name]; old != nil {
		old.Hidden = true
		if g := old.group; g.stored && g.hidden() && g.entry.Length > hiddenSize {
			g.stored, g.changed = false, true
		}
	}
	delete(c.variables, name)
	delete(c.others, name)
	c.before.hide(name)
	if k != nil {
		k.Hidden = false
		c.variables[name] = k
	}
}

// add notes a variable.
func (c *checkpoints) add(v compiled.Variable, value reflect.Value) *kept {
	k := &kept{Variable: remains.Variable{Unit: v.Unit, Name: v.Name, Hidden: true}, value: value}
	k.group = &group{members: []*kept{k}, changed: true}
	c.groups = append(c.groups, k.group)
	c.byVariable[v] = k
	return k
}

// execute notes that a program runs.
func (c *checkpoints) execute(p *compiled.Program) {
	if c == nil {
		return
	}
	c.lock()
	defer c.unlock()
	if c.store == nil {
		return
	}
	c.ran = append(c.ran, p)
}

// wait waits for the checkpoint that is being taken. The error is the cause of ctx.
func (c *checkpoints) wait(ctx context.Context) error {
	if c == nil {
		return nil
	}
	if err := c.turn.take(ctx); err != nil {
		return err
	}
	c.unlock()
	return nil
}

// take takes a checkpoint after a cell, while the outcome is told. The next cell, and
// Close, wait for it.
func (c *checkpoints) take(count int) {
	if c == nil {
		return
	}
	c.lock()
	if c.store == nil || len(c.ran) == 0 {
		c.unlock()
		return
	}
	go func() {
		defer c.unlock()
		c.noteChanges()
		due := c.due()
		if len(due) == 0 {
			c.cell = count
			c.check(c.store.Mark(count))
			return
		}
		messages, ok := c.read(due)
		if ok {
			c.cell = count
		}
		c.commit(messages)
	}()
}

// due returns the groups that are to be read.
func (c *checkpoints) due() []*group {
	var list []*group
	for _, g := range c.groups {
		switch {
		case !g.changed:
		case g.rest > 0:
			g.rest--
		default:
			list = append(list, g)
		}
	}
	return list
}

// noteChanges finds out what the programs that ran may have changed.
func (c *checkpoints) noteChanges() {
	begun, running := c.e.engine.Activity()
	all := running > 0 || c.running > 0 || begun-c.begun > uint64(len(c.ran))
	reach := c.e.engine.NewReach()
	for _, p := range c.ran {
		reach.Program(p)
	}
	c.ran, c.begun, c.running = nil, begun, running
	met := map[*group]bool{}
	for i := 0; !all; {
		found := reach.Variables()
		if i == len(found) {
			break
		}
		for ; i < len(found); i++ {
			if k := c.byVariable[found[i]]; k != nil && !met[k.group] {
				met[k.group], k.group.changed = true, true
				all = all || k.group.reaches(reach)
			}
		}
	}
	if all || slices.ContainsFunc(reach.Calls(), keepsHold) {
		for _, g := range c.groups {
			g.changed = true
		}
	}
}

// reaches adds to a Reach what can be reached by the values of a group, and reports
// whether that may be anything.
func (g *group) reaches(reach *compiled.Reach) (anything bool) {
	for _, f := range g.functions {
		reach.Function(f)
	}
	for _, t := range g.types {
		reach.Type(t)
	}
	return g.opaque
}

// keepsHold reports whether functions of a compiled package may change a variable
// that they were given in an earlier call.
func keepsHold(path string) bool {
	return path == "log" || path == "log/slog" || path == "flag" || path == "expvar"
}

// commit writes what there is, with the messages that were read, by their groups.
func (c *checkpoints) commit(messages map[*group][]byte) {
	if c.store == nil {
		return
	}
	t := &remains.Table{Cell: c.cell, Declarations: len(c.others) + c.before.declarations()}
	t.Entries, t.Lost = c.before.left()
	data := map[int][]byte{}
	var stored []*group
	first := len(t.Entries)
	for _, g := range c.groups {
		if m := messages[g]; m != nil {
			data[len(t.Entries)] = m
		} else if !g.stored {
			for _, k := range g.members {
				t.Lost = append(t.Lost, remains.Loss{Variable: k.Variable, Why: k.why})
			}
			continue
		}
		g.entry.Variables = g.entry.Variables[:0]
		for _, k := range g.members {
			g.entry.Variables = append(g.entry.Variables, k.Variable)
		}
		t.Entries = append(t.Entries, g.entry)
		stored = append(stored, g)
	}
	c.check(c.store.Commit(t, data))
	for i, g := range stored {
		g.entry, g.stored = t.Entries[first+i], true
	}
}

// check ends the taking of checkpoints where they cannot be written.
func (c *checkpoints) check(err error) {
	if err != nil {
		c.store, c.why = nil, err
	}
}

// read reads groups while nothing changes, and returns the messages that differ from
// what is stored. It is not ok if a goroutine changes what the notebook has: the
// checkpoint before remains.
func (c *checkpoints) read(groups []*group) (messages map[*group][]byte, ok bool) {
	s := newSnapshot(c, groups)
	ended := make(chan error, 1)
	cell := engine.NewCell(c.cell, processOutput{io.Discard, io.Discard}, func(*engine.Goroutine, any) {})
	cell.Pauses = c.e.engine.Pauses()
	err := errors.New("it panicked")
	cell.Run(func() { err = c.e.engine.Snapshot(standstillTime, s.take) }, func(*engine.Goroutine, any) { ended <- err })
	if <-ended != nil {
		for _, g := range groups {
			for _, k := range g.members {
				k.why = "a goroutine was at work when it was to be copied"
			}
		}
		return nil, false
	}
	c.groups = slices.DeleteFunc(append(c.groups, s.made...), func(g *group) bool { return len(g.members) == 0 })
	return s.messages, true
}
