package compiled

// A deferral is a deferred call that has not run yet.
type deferral struct {
	next *deferral
	run  laterCall
}

// A panicking is a panic on its way up.
type panicking struct {
	value     any
	recovered bool
	// stack is where the panic began.
	stack []callSite
	// before is the panic that this one replaced.
	before *panicking
}

// callProtected runs a function that defers calls.
func (b *body) callProtected(fr *frame) {
	fr.defers = nil
	p := b.attempt(fr, b.entry)
	if p == nil && fr.defers != nil {
		p = fr.attemptDefers()
	}
	if p == nil {
		return
	}
	for {
		if p = fr.unwind(p); p != nil {
			fr.th.raised = p
			panic(p.value)
		}
		if b.onRecover == nil {
			return
		}
		if p = b.attempt(fr, b.onRecover); p == nil {
			return
		}
	}
}

// attempt runs the blocks from blk on. It returns the panic that ended them.
func (b *body) attempt(fr *frame, blk *block) (p *panicking) {
	done := false
	defer func() {
		if !done {
			p = fr.caught(recover())
		}
	}()
	for blk != nil {
		blk = blk.run(fr)
	}
	done = true
	return nil
}

// caught describes what a deferred function has recovered. Without a value the
// goroutine is ending: what was deferred runs here, because nothing returns.
func (fr *frame) caught(value any) *panicking {
	fr.th.woken()
	if value == nil {
		var p *panicking
		for fr.defers != nil {
			p = fr.runDeferred(p)
		}
		if p != nil && !p.recovered {
			fr.th.raised = p
			panic(p.value)
		}
		return nil
	}
	if p := fr.th.raised; p != nil && sameValue(p.value, value) {
		fr.th.raised = nil
		return p
	}
	fr.th.raised = nil
	return &panicking{value: value, stack: append(runtimeFrames(2), stackAt(fr)...)}
}

// sameValue reports whether two interfaces hold the very same words.
func sameValue(a, b any) bool {
	return *(*iface)(pointer(&a)) == *(*iface)(pointer(&b))
}

// unwind runs the deferred calls of fr for the panic p. It returns the panic that
// goes on, nil if it was recovered.
func (fr *frame) unwind(p *panicking) *panicking {
	fr.pc = deferring
	for fr.defers != nil {
		p = fr.runDeferred(p)
		if p != nil && p.recovered {
			p = nil
		}
	}
	return p
}

// runDeferred runs the call deferred last on behalf of p, nil if nothing
// panics. It returns p, or the panic of the call.
func (fr *frame) runDeferred(p *panicking) (after *panicking) {
	d := fr.defers
	fr.defers = d.next
	done := false
	defer func() {
		if !done {
			if after = fr.caught(recover()); after != nil {
				after.replaces(p)
			}
		}
	}()
	d.run(fr, p)
	done = true
	return p
}

// replaces notes that p, and the panics that it has replaced, began while before
// went on.
func (p *panicking) replaces(before *panicking) {
	for p != before {
		if p.before == nil {
			p.before = before
			return
		}
		p = p.before
	}
}

// attemptDefers runs deferred calls at the end of a function. It returns the
// panic of one of them.
func (fr *frame) attemptDefers() (p *panicking) {
	for fr.defers != nil && p == nil {
		p = fr.runDeferred(nil)
	}
	return p
}

// runDefers runs all deferred calls, where the function returns.
func (fr *frame) runDefers() {
	for fr.defers != nil {
		d := fr.defers
		fr.defers = d.next
		d.run(fr, nil)
	}
}

// recover is the builtin: it ends the panic on whose behalf fr's function was
// called, as a deferred one.
func (fr *frame) recover() any {
	p := fr.recovers
	if p == nil || p.recovered {
		return nil
	}
	p.recovered = true
	return p.value
}
