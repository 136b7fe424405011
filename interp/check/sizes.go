package check

import "go/types"

const (
	// maxChanElem and maxSize are the compiler's limits for the elements of channels
	// and for types, on 64-bit machines (cmd/compile/internal/types, CalcSize).
	maxChanElem = 1<<16 - 1
	maxSize     = 1 << 50
)

// checkSizes refuses the types that the compiler finds too large once it lays them
// out, which go/types does not do, and counts what the unit's variables take.
func (p *pass) checkSizes() {
	for e, tv := range p.unit.Info.Types {
		if tv.IsType() {
			if msg := p.tooLarge(tv.Type); msg != "" {
				p.fail(e, msg)
			}
		}
	}
	for _, v := range p.unit.Vars {
		if size, ok := p.size(v.Type()); ok {
			p.unit.Bytes += uint64(max(size, 0))
		}
	}
	seen := map[types.Type]bool{}
	for id, instance := range p.unit.Info.Instances {
		t := instance.Type
		if named, ok := t.(*types.Named); ok {
			t = named.Underlying()
		}
		if msg := p.partTooLarge(t, seen); msg != "" {
			p.fail(id, msg)
		}
	}
}

// partTooLarge is tooLarge for a type and the literals that it is made of, but for
// those seen.
func (p *pass) partTooLarge(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if msg := p.tooLarge(t); msg != "" {
		return msg
	}
	var parts []types.Type
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		parts = append(parts, t.Elem())
	case *types.Slice:
		parts = append(parts, t.Elem())
	case *types.Array:
		parts = append(parts, t.Elem())
	case *types.Chan:
		parts = append(parts, t.Elem())
	case *types.Map:
		parts = append(parts, t.Key(), t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			parts = append(parts, f.Type())
		}
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tuple.Variables() {
				parts = append(parts, v.Type())
			}
		}
	}
	for _, part := range parts {
		if msg := p.partTooLarge(part, seen); msg != "" {
			return msg
		}
	}
	return ""
}

// tooLarge says what the compiler has against the size of a type, "" if nothing.
func (p *pass) tooLarge(t types.Type) string {
	switch u := types.Unalias(t).(type) {
	case *types.Chan:
		if size, ok := p.size(u.Elem()); ok && (size < 0 || size > maxChanElem) {
			return "channel element type too large (>64kB)"
		}
	case *types.Array, *types.Struct:
		if size, ok := p.size(u); ok && (size < 0 || size > maxSize) {
			return "type " + p.typeString(t) + " larger than address space"
		}
	}
	return ""
}

// sizedParts is of how many parts a type may be whose size is looked at: what aliases
// repeat can be exponentially many.
const sizedParts = 10000

// size returns the size of a type in bytes, negative if it passes an int64. There is
// none where it depends on a type parameter.
func (p *pass) size(t types.Type) (bytes int64, ok bool) {
	parts := sizedParts
	if !sized(t, &parts) {
		return 0, false
	}
	return p.session.sizes.Sizeof(t), true
}

// sized reports whether no type parameter is a part of the values of type t, which
// has no more than the given number of parts.
func sized(t types.Type, parts *int) bool {
	if *parts--; *parts < 0 {
		return false
	}
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return false
	case *types.Named:
		return sized(t.Underlying(), parts)
	case *types.Array:
		return sized(t.Elem(), parts)
	case *types.Struct:
		for f := range t.Fields() {
			if !sized(f.Type(), parts) {
				return false
			}
		}
	}
	return true
}
