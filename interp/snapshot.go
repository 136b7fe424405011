package interp

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
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
	bounds []int // how many references the message has after each member

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
	// What the cells to come can mention goes first, of these what takes least.
	rank := func(g *group) int {
		if g.hidden() {
			return 1
		}
		return 0
	}
	s.groups = slices.SortedStableFunc(slices.Values(groups), func(a, b *group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.cost, b.cost))
	})
	return s
}

// hidden reports whether no name leads to a group.
func (g *group) hidden() bool {
	return !slices.ContainsFunc(g.members, func(k *kept) bool { return !k.Hidden })
}

// take reads the groups, while nothing changes.
func (s *snapshot) take() {
	s.until = time.Now().Add(checkpointTime)
	s.readAll(s.groups)
	// A group that cannot be read is several again, some of which may share memory.
	for range maxMerges {
		merged := s.merge()
		s.readAll(merged)
		if len(merged) == 0 {
			break
		}
	}
}

// maxMerges is how often it is looked for what shares memory.
const maxMerges = 3

// readAll reads groups. Only the last may take all the time that is left.
func (s *snapshot) readAll(groups []*group) {
	for i, g := range groups {
		s.read(g, i == len(groups)-1)
	}
}

// read encodes a group. If that fails and it has several members, each is a group
// again.
func (s *snapshot) read(g *group, last bool) {
	g.changed = false
	before := g.stored
	g.stored = false
	begun := time.Now()
	until := begun.Add(s.share(g, begun, last))
	failed, err := s.encode(g, until)
	cost := time.Since(begun)
	switch {
	case err == nil:
		g.cost, g.rests = cost, 0
		s.keep(g, before)
	case len(g.members) == 1:
		failed.why = s.c.lossOf(err, failed.value)
		g.opaque = errors.Is(err, codec.ErrNotCopyable) || leadsAnywhere(failed.value.Type(), map[reflect.Type]bool{})
		if errors.Is(err, codec.ErrTooLong) {
			g.cost, g.changed = max(g.cost, cost), true
			g.rests = min(2*g.rests+1, maxRests)
			g.rest = g.rests
		}
	default:
		var alone []*group
		for _, k := range g.members {
			k.group = &group{members: []*kept{k}}
			alone = append(alone, k.group)
		}
		g.members = nil
		s.made = append(s.made, alone...)
		s.readAll(alone)
	}
}

// share returns how long the reading of a group may take: what others need that come
// after it is left to them, as far as that is known.
func (s *snapshot) share(g *group, now time.Time, last bool) time.Duration {
	left := s.until.Sub(now)
	if last {
		return left
	}
	return min(max(left/2, 2*g.cost), left)
}

// leadsAnywhere reports whether values of a type may have functions in them, or
// values of any type.
func leadsAnywhere(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Func, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return true
	case reflect.Map:
		return leadsAnywhere(t.Key(), seen) || leadsAnywhere(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return leadsAnywhere(t.Elem(), seen)
	case reflect.Struct:
		for f := range t.Fields() {
			if leadsAnywhere(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// maxRests is how many checkpoints do, at most, without what takes too long.
const maxRests = 63

// encode encodes a group, or returns the member that cannot be.
func (s *snapshot) encode(g *group, until time.Time) (failed *kept, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("reading it failed: %v", r)
		}
	}()
	s.enc.Reset()
	s.bounds = s.bounds[:0]
	room := s.room
	if g.hidden() {
		room = min(room, hiddenSize)
	}
	s.enc.Limit(room, until)
	s.c.kinds.met = nil
	for _, k := range g.members {
		s.enc.Variable(k.value)
	}
	for _, k := range g.members {
		failed = k
		if err := s.enc.Encode(k.value, k.Name); err != nil {
			return k, err
		}
		s.bounds = append(s.bounds, s.enc.Referenced())
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
	g.entry.Detached = detached(s.enc, s.bounds)
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
				m.cost += g.cost
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
