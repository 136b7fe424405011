package interp

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"slices"
	"time"

	"cuaderno/internal/codec"
)

// A snapshot reads groups of variables. What shares memory becomes one group.
type snapshot struct {
	c      *checkpoints
	groups []*group
	until  time.Time
	room   int // bytes left
	enc    *codec.Encoder

	messages map[*group][]byte // those that differ from what is stored
	made     []*group          // of what was one group before
	memory   []span            // that the values are made of
}

// A span is memory that a group refers to.
type span struct {
	at, end uintptr
	group   *group
}

func newSnapshot(c *checkpoints, groups []*group) *snapshot {
	s := &snapshot{c: c, room: c.size, enc: codec.NewEncoder(c.kinds.domain), messages: map[*group][]byte{}}
	for _, g := range c.groups {
		if g.stored && !g.changed {
			s.room -= int(g.entry.Length)
		}
	}
	s.room -= c.before.size()
	// What the cells to come can mention goes first.
	s.groups = append(slices.DeleteFunc(slices.Clone(groups), (*group).hidden),
		slices.DeleteFunc(slices.Clone(groups), func(g *group) bool { return !g.hidden() })...)
	return s
}

// hidden reports whether no name leads to a group.
func (g *group) hidden() bool {
	return !slices.ContainsFunc(g.members, func(k *kept) bool { return !k.Hidden })
}

// take reads the groups, while nothing changes.
func (s *snapshot) take() {
	s.until = time.Now().Add(checkpointTime)
	for _, g := range s.groups {
		s.read(g)
	}
	// A group that cannot be read is several again, some of which may share memory.
	for range maxMerges {
		merged := s.merge()
		for _, g := range merged {
			s.read(g)
		}
		if len(merged) == 0 {
			break
		}
	}
}

// maxMerges is how often it is looked for what shares memory.
const maxMerges = 3

// read encodes a group. If that fails and it has several members, each is a group
// again.
func (s *snapshot) read(g *group) {
	g.changed = false
	before := g.stored
	g.stored = false
	if g.rest > 0 {
		g.rest--
		return
	}
	failed, err := s.encode(g)
	switch {
	case err == nil:
		g.rests = 0
		s.keep(g, before)
	case len(g.members) == 1:
		failed.why = s.c.lossOf(err, failed.value)
		g.opaque = errors.Is(err, codec.ErrNotCopyable)
		if errors.Is(err, codec.ErrTooLong) {
			g.rests = min(2*g.rests+1, maxRests)
			g.rest = g.rests
		}
	default:
		for _, k := range g.members {
			k.group = &group{members: []*kept{k}}
			s.made = append(s.made, k.group)
			s.read(k.group)
		}
		g.members = nil
	}
}

// maxRests is how many checkpoints do, at most, without what takes too long.
const maxRests = 63

// encode encodes a group, or returns the member that cannot be.
func (s *snapshot) encode(g *group) (failed *kept, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("reading it failed: %v", r)
		}
	}()
	s.enc.Reset()
	room := s.room
	if g.hidden() {
		room = min(room, hiddenSize)
	}
	s.enc.Limit(room, s.until)
	s.c.kinds.met = nil
	for _, k := range g.members {
		s.enc.Variable(k.value)
	}
	for _, k := range g.members {
		failed = k
		if err := s.enc.Encode(k.value, k.Name); err != nil {
			return k, err
		}
	}
	return nil, nil
}

// copied is the length up to which a message moves out of the Encoder's memory.
const copied = 64 << 10

// keep notes what was encoded.
func (s *snapshot) keep(g *group, stored bool) {
	data := s.enc.Message().Bytes
	s.room -= len(data)
	g.entry.Cell = 0
	g.opaque, g.functions, g.types = false, s.c.kinds.met, nil
	for t := range s.enc.Types {
		if t.PkgPath() != "" {
			g.types = append(g.types, t)
		}
	}
	for at, size := range s.enc.References {
		s.memory = append(s.memory, span{at, at + size, g})
	}
	if sum := maphash.Bytes(s.c.seed, data); !stored || sum != g.sum {
		g.sum = sum
		if len(data) > copied {
			s.enc = codec.NewEncoder(s.c.kinds.domain) // the memory is the message's
		} else {
			data = slices.Clone(data)
		}
		s.messages[g] = data
	} else {
		g.stored = true
	}
}

// merge makes one group of those that share memory, and returns it.
func (s *snapshot) merge() []*group {
	s.memory = slices.DeleteFunc(s.memory, func(m span) bool { return len(m.group.members) == 0 })
	slices.SortFunc(s.memory, func(a, b span) int { return cmp.Compare(a.at, b.at) })
	leader := map[*group]*group{}
	find := func(g *group) *group {
		for leader[g] != nil {
			g = leader[g]
		}
		return g
	}
	for i := 1; i < len(s.memory); i++ {
		last, next := &s.memory[i-1], &s.memory[i]
		if next.at < last.end {
			if a, b := find(last.group), find(next.group); a != b {
				leader[b] = a
			}
			if next.end < last.end { // what comes may overlap with the longer
				next.end, next.group = last.end, last.group
			}
		}
	}
	merged := map[*group]*group{}
	var order []*group
	for g := range leader {
		root := find(g)
		if merged[root] == nil {
			merged[root] = &group{}
			order = append(order, root)
		}
	}
	var made []*group
	for _, root := range order {
		m := merged[root]
		for _, g := range s.all() {
			if find(g) == root {
				m.members = append(m.members, g.members...)
				g.members = nil
				if data := s.messages[g]; data != nil {
					s.room += len(data)
					delete(s.messages, g)
				} else if g.stored {
					s.room += int(g.entry.Length)
				}
			}
		}
		for _, k := range m.members {
			k.group = m
		}
		made = append(made, m)
	}
	s.made = append(s.made, made...)
	return made
}

// all returns the groups that were read.
func (s *snapshot) all() []*group { return slices.Concat(s.groups, s.made) }
