package history

import (
	"iter"
	"math"
	"slices"
	"unicode/utf8"
)

// A position is the place of a cell.
type position struct{ session, line int }

func (p position) before(q position) bool {
	return p.session < q.session || p.session == q.session && p.line < q.line
}

var everything = position{math.MaxInt, math.MaxInt}

// A reader yields the cells from low up to but not with high, newest first.
type reader func(low, high position) iter.Seq[Cell]

// Tail returns the newest n cells of all sessions, oldest first.
func (h *History) Tail(n int) []Cell {
	return h.answer(func(_ int, read reader) []Cell { return take(read(position{}, everything), n) })
}

// Range returns the cells of a session whose lines are at least start and, unless
// it is 0, less than stop. A session of 0 is this one, -1 the one before, and so
// on.
func (h *History) Range(session, start, stop int) []Cell {
	return h.answer(func(current int, read reader) []Cell {
		if session <= 0 {
			session += current
		}
		if stop == 0 {
			stop = math.MaxInt
		}
		if session < 0 {
			return nil
		}
		return take(read(position{session, start}, position{session, stop}), math.MaxInt)
	})
}

// Search returns the newest n cells whose whole input matches a pattern, in
// which * stands for any text and ? for any character, oldest first. With unique,
// of cells with the same input the newest counts.
func (h *History) Search(pattern string, n int, unique bool) []Cell {
	return h.answer(func(_ int, read reader) []Cell {
		seen := map[string]bool{}
		return take(func(yield func(Cell) bool) {
			for c := range read(position{}, everything) {
				if !match(pattern, c.Input) || unique && seen[c.Input] {
					continue
				}
				if unique {
					seen[c.Input] = true
				}
				if !yield(c) {
					return
				}
			}
		}, n)
	})
}

// take returns the first n cells, the last of them first.
func take(cells iter.Seq[Cell], n int) []Cell {
	var out []Cell
	if n > 0 {
		for c := range cells {
			if out = append(out, c); len(out) == n {
				break
			}
		}
	}
	slices.Reverse(out)
	return out
}

// answer has a question answered from the file; as far as that cannot be used,
// from what is recent.
func (h *History) answer(question func(current int, read reader) []Cell) (cells []Cell) {
	saved := h.save(readLimit) == nil
	h.using.Lock()
	defer h.using.Unlock()
	h.mu.Lock()
	session, recent := h.session, slices.Clone(h.recent)
	h.mu.Unlock()
	if h.path != "" {
		err := h.view(func(f *file) error {
			read := f.backwards
			if !saved {
				if session == 0 {
					session = int(f.cells.Sequence()) + 1
				}
				read = chain(own(recent, session), f.backwards, session)
			}
			cells = question(session, read)
			return nil
		})
		if err == nil {
			return cells
		}
	}
	session = max(session, 1)
	return question(session, own(recent, session))
}

// own reads the cells of the own session from memory.
func own(recent []Cell, session int) reader {
	return func(low, high position) iter.Seq[Cell] {
		return func(yield func(Cell) bool) {
			for _, c := range slices.Backward(recent) {
				c.Session = session
				at := position{session, c.Line}
				if at.before(low) || !at.before(high) {
					continue
				}
				if !yield(c) {
					return
				}
			}
		}
	}
}

// chain reads the own session from memory and the others from the file.
func chain(own, file reader, session int) reader {
	return func(low, high position) iter.Seq[Cell] {
		return func(yield func(Cell) bool) {
			for c := range own(low, high) {
				if !yield(c) {
					return
				}
			}
			for c := range file(low, high) {
				if c.Session != session && !yield(c) {
					return
				}
			}
		}
	}
}

// match reports whether the whole text matches a pattern of *, ? and characters
// that stand for themselves.
func match(pattern, text string) bool {
	star, from := -1, 0 // the last star, and where in text what it stands for ends
	p, t := 0, 0
	for t < len(text) {
		_, width := utf8.DecodeRuneInString(text[t:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += width
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			_, width := utf8.DecodeRuneInString(text[from:])
			from += width
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
