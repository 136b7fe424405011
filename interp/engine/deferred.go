package engine

// A deferredCall is a function that runs because it was deferred.
type deferredCall struct {
	depth int // of the frame that the function enters
	value any // what is panicking; nil if nothing is, or no longer
}

// Deferred makes a deferred call on behalf of a literal that has recovered value,
// nil if nothing panics. Unless f recovers it, the panic goes on.
func Deferred(value any, f func()) {
	g := Current()
	if g == nil {
		f()
		if value != nil {
			panic(value)
		}
		return
	}
	g.mu.Lock()
	call := &deferredCall{g.depth + 1, value}
	g.deferred = append(g.deferred, call)
	n := len(g.deferred)
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.deferred = g.deferred[:n-1]
		g.mu.Unlock()
	}()
	f()
	if call.value != nil {
		panic(call.value)
	}
}

// Recover is recover in the function of frame: it returns and ends the panic on
// whose behalf the function was called, as a deferred one, by Deferred.
func (f *Frame) Recover() any {
	if f.g == nil {
		return nil
	}
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	if len(f.g.deferred) == 0 {
		return nil
	}
	call := f.g.deferred[len(f.g.deferred)-1]
	if call.depth != f.depth {
		return nil
	}
	value := call.value
	call.value = nil
	return value
}
