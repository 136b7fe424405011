package history

import (
	"errors"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"
)

// Bounds of what is kept. Sizes are bytes of input and output.
const (
	fileCells   = 100_000
	fileSize    = 64 << 20
	recentCells = 10_000
	recentSize  = 4 << 20
	textSize    = 64 << 10
)

// batchDelay is how long the writer waits for more after the first change.
const batchDelay = 250 * time.Millisecond

// A Cell is one line of the history.
type Cell struct {
	Session, Line int
	Input         string
	// Output is the text/plain of the result, nil when there was none.
	Output *string
}

func (c Cell) size() int {
	n := len(c.Input)
	if c.Output != nil {
		n += len(*c.Output)
	}
	return n
}

// A History is the history of one kernel. Its methods may be called from any
// goroutine.
type History struct {
	path string
	log  *slog.Logger

	using sync.Mutex // held by whoever uses the file
	gone  bool       // the file is damaged: it is let alone

	wake    chan struct{} // receives when something is unsaved
	closing chan struct{}
	once    sync.Once
	writer  sync.WaitGroup

	mu      sync.Mutex
	session int    // the own number, 0 while the file has not given one
	recent  []Cell // of this session, oldest first, without their session
	size    int    // of recent
	unsaved map[int]bool
	warned  bool
}

// Open returns a history that is kept in the file at path, which need not exist;
// an empty path keeps it in memory only.
func Open(path string, log *slog.Logger) *History {
	h := &History{
		path:    path,
		log:     log,
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		unsaved: map[int]bool{},
	}
	if path != "" {
		h.writer.Go(h.write)
	}
	return h
}

// Close saves what is not saved yet.
func (h *History) Close() {
	h.once.Do(func() { close(h.closing) })
	h.writer.Wait()
}

// Add appends a cell to the session.
func (h *History) Add(line int, input string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := Cell{Line: line, Input: cut(input)}
	h.recent = append(h.recent, c)
	h.size += c.size()
	h.changed(line)
}

// Output sets the output of the newest cell that has this line.
func (h *History) Output(line int, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.recent) - 1; i >= 0; i-- {
		if c := &h.recent[i]; c.Line == line {
			text = cut(text)
			h.size -= c.size()
			c.Output = &text
			h.size += c.size()
			h.changed(line)
			return
		}
	}
}

// changed has a line saved, and forgets the oldest cells beyond the bounds. The
// caller holds mu.
func (h *History) changed(line int) {
	h.unsaved[line] = true
	for len(h.recent) > recentCells || h.size > recentSize {
		h.size -= h.recent[0].size()
		delete(h.unsaved, h.recent[0].Line)
		h.recent[0] = Cell{}
		h.recent = h.recent[1:]
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// cut shortens a text to textSize, between runes.
func cut(text string) string {
	if len(text) <= textSize {
		return text
	}
	end := textSize
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// write saves what changes, until Close.
func (h *History) write() {
	timer := time.NewTimer(batchDelay)
	defer timer.Stop()
	for {
		select {
		case <-h.wake:
		case <-h.closing:
			if h.pending() {
				_ = h.save(readLimit) // whoever waits for the end has no patience
			}
			return
		}
		timer.Reset(batchDelay)
		select {
		case <-timer.C:
			_ = h.save(writeLimit) // it has told the log
		case <-h.closing: // which saves
		}
	}
}

func (h *History) pending() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.unsaved) > 0
}

var errMemoryOnly = errors.New("history is kept in memory only")

// save writes what is unsaved to the file, and takes a session number if there is
// none. What could not be saved is tried again with the next change.
func (h *History) save(limit time.Duration) error {
	if h.path == "" {
		return errMemoryOnly
	}
	h.using.Lock()
	defer h.using.Unlock()
	h.mu.Lock()
	session := h.session
	var cells []Cell
	for _, c := range h.recent {
		if h.unsaved[c.Line] {
			cells = append(cells, c)
		}
	}
	clear(h.unsaved)
	h.mu.Unlock()
	if session > 0 && len(cells) == 0 {
		return nil
	}
	err := h.update(limit, func(f *file) error {
		var err error
		if session == 0 {
			if session, err = f.begin(); err != nil {
				return err
			}
		}
		for _, c := range cells {
			c.Session = session
			if err := f.put(c); err != nil {
				return err
			}
		}
		return f.trim(fileCells, fileSize)
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.session = session
		return nil
	}
	for _, c := range cells {
		h.unsaved[c.Line] = true
	}
	if !h.warned {
		h.warned = true
		h.log.Warn("the history of cells is in memory only; to say where it is kept set CUADERNO_HISTORY to a file, or to off", "file", h.path, "error", err)
	}
	return err
}
