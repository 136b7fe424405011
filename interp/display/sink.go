package display

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
)

// A Sink carries what a program displays to whoever shows it. Its methods may
// be called from any goroutine; they find out themselves to which cell the
// calling goroutine belongs.
type Sink interface {
	// Display shows a new bundle under a display id that is unique in the
	// session.
	Display(b Bundle, id string)
	// Update replaces every bundle that is shown under id.
	Update(b Bundle, id string)
	// Clear removes the cell's output; with wait, when the next output
	// arrives.
	Clear(wait bool)
	// Ask shows prompt and returns the line that the person types, which is
	// hidden if it is a password.
	Ask(prompt string, password bool) (string, error)
}

// current is the sink of this process. It is state of the package because
// cells call display.Show with no session at hand.
var current atomic.Pointer[Sink]

// SetSink makes s the sink of this process; nil removes it. The program that
// hosts a session calls it once, before any cell runs.
func SetSink(s Sink) {
	if s == nil {
		current.Store(nil)
		return
	}
	current.Store(&s)
}

// A Handle names something that is displayed, so that it can be replaced where
// it stands. It is safe for concurrent use. A cell that ends with a Handle
// shows no further result for it.
type Handle struct{ id string }

// Show displays x as Of renders it. Without a sink it prints the text/plain on
// standard output.
func Show(x any) *Handle {
	h := &Handle{id: rand.Text()}
	b := Of(x)
	if s := current.Load(); s != nil {
		(*s).Display(b, h.id)
	} else {
		fmt.Println(b.Data[MIMEPlain])
	}
	return h
}

// Update shows x in place of what the handle showed, in every cell where it
// stands. Without a sink it prints the text/plain on standard output.
func (h *Handle) Update(x any) {
	b := Of(x)
	if s := current.Load(); s != nil {
		(*s).Update(b, h.id)
	} else {
		fmt.Println(b.Data[MIMEPlain])
	}
}

// Clear removes what the cell has shown so far, at once or, with true, when
// its next output arrives, which avoids flicker. Without a sink it does
// nothing.
func Clear(wait ...bool) {
	if s := current.Load(); s != nil {
		(*s).Clear(len(wait) > 0 && wait[0])
	}
}
