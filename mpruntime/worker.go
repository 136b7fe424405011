package mpruntime

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
)

// A worker is a process of a pool as its dispatcher, whose lock guards it, sees it.
type worker struct {
	pool    *dispatcher
	process *Process
	conn    *frame.Conn

	ready     bool
	running   []*chunk // given and not answered; the first may have begun
	given     int
	knows     map[uint64]bool // jobs
	recalling bool
	retired   bool // it was told to end
	unfit     bool // its initializer failed
	out       []envelope

	mail    chan struct{} // has a token when there may be something in out
	written chan struct{} // closed at the end of the writer
	writing sync.Mutex    // one sends at a time, in the order of out; guards cell
	cell    Cell          // that gets its output
}

// startWorker starts one more.
func (d *dispatcher) startWorker() error {
	p, conn, err := newService(servicePool)
	if err != nil {
		return err
	}
	p.Name = strings.Replace(p.Name, "Process", "PoolWorker", 1)
	if err := p.Start(); err != nil {
		p.served.Close()
		conn.Close()
		return err
	}
	w := &worker{pool: d, process: p, conn: conn, knows: map[uint64]bool{}, cell: p.cell,
		mail: make(chan struct{}, 1), written: make(chan struct{})}
	first := envelope{kind: kindStart}
	d.mu.Lock()
	if d.initial != nil {
		first = envelope{kind: kindInitialize, parts: [2]*parcel{d.initial.hold()}}
	}
	first.number = uint64(max(1, CPUCount()/d.options.Workers))
	w.out = append(w.out, first)
	d.workers = append(d.workers, w)
	doomed := d.finishing() || d.broken != nil
	d.mu.Unlock()
	w.post()
	go w.write()
	go d.follow(w) // waits for the writer
	if doomed {    // since it was decided to start it
		w.end()
	}
	return nil
}

// free reports whether the worker takes chunks.
func (w *worker) free() bool { return w.ready && !w.retired && !w.pool.usedUp(w) }

// give puts a chunk, and what the worker needs to know before it, in its envelopes.
func (w *worker) give(c *chunk) {
	j := c.job
	switch {
	case j.chunks == 1:
		w.out = append(w.out, envelope{kind: kindCall, parts: [2]*parcel{j.function.hold(), c.args.hold()}, job: j.id, number: uint64(j.mode), cell: j.cell})
	case !w.knows[j.id]:
		w.knows[j.id] = true
		w.out = append(w.out, envelope{kind: kindFunction, parts: [2]*parcel{j.function.hold()}, job: j.id, number: uint64(j.mode)})
		fallthrough
	default:
		w.out = append(w.out, envelope{kind: kindChunk, parts: [2]*parcel{c.args.hold()}, job: j.id, number: uint64(c.number), cell: j.cell})
	}
	w.running = append(w.running, c)
	w.given++
}

// post has the writer look for envelopes.
func (w *worker) post() {
	if len(w.out) == 0 {
		return
	}
	select {
	case w.mail <- struct{}{}:
	default:
	}
}

// write is the writer: it sends what there is to send until the worker has ended.
func (w *worker) write() {
	defer close(w.written)
	for {
		select {
		case <-w.mail:
			w.flush()
		case <-w.process.done:
			return
		}
	}
}

// swift is the most bytes, in all, that the kernel takes for a worker that has read
// what it was sent before.
const swift = 32 << 10

// prompt reports whether sending what is in out cannot wait for the worker: it has
// answered everything before.
func (w *worker) prompt() bool {
	if len(w.out) > lookahead {
		return false
	}
	chunks, size := 0, 0
	for i := range w.out {
		if kind := w.out[i].kind; kind == kindChunk || kind == kindCall {
			chunks++
		}
		for _, p := range w.out[i].parts {
			if p != nil && len(p.message.Files) > 0 {
				return false
			}
			if p != nil {
				size += len(p.message.Bytes)
			}
		}
	}
	return chunks > 0 && chunks == len(w.running) && size <= swift
}

// flushNow is flush by who would have the writer do it, unless that is at it.
func (w *worker) flushNow() {
	if w.writing.TryLock() {
		w.send((*worker).prompt)
		w.writing.Unlock()
	}
	w.pool.mu.Lock()
	w.post() // what has come meanwhile
	w.pool.mu.Unlock()
}

func (w *worker) flush() {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.send(func(*worker) bool { return true })
}

// send sends what is in out as long as that may be.
func (w *worker) send(may func(*worker) bool) {
	for {
		w.pool.mu.Lock()
		if len(w.out) == 0 || !may(w) {
			w.pool.mu.Unlock()
			return
		}
		e := w.out[0]
		w.out[0] = envelope{}
		w.out = w.out[1:]
		w.pool.mu.Unlock()
		if e.cell != nil && e.cell != w.cell {
			w.process.helper.proc.Drain()
			w.process.helper.route(e.cell)
			w.cell = e.cell
		}
		err := sendTo(w.conn, e.kind, e.contents(), e.job, e.number)
		e.drop()
		if err != nil {
			w.unsent(&e, err)
		}
	}
}

// unsent sees to it that nobody waits for the answer to an envelope that was not
// sent.
func (w *worker) unsent(e *envelope, err error) {
	d := w.pool
	d.mu.Lock()
	j := d.jobs[e.job]
	d.mu.Unlock()
	switch {
	case errors.Is(err, frame.ErrTooLong) && j != nil:
		d.cancel(j, errorf("mp: giving a task to a worker: %w", err))
	case errors.Is(err, frame.ErrTooLong) && e.kind == kindInitialize:
		d.breakDown(errorf("mp: the pool is broken: passing on the initializer: %w", err))
	case errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, net.ErrClosed):
		// It is ending: whoever reads from it learns that.
	default: // of the next envelopes it would get nothing
		_ = w.process.Kill() // it may just have ended
	}
}

// end tells the worker to end at once.
func (w *worker) end() {
	w.pool.mu.Lock()
	told := w.retired
	w.retired = true
	w.pool.mu.Unlock()
	_ = w.process.Terminate() // it may just have ended
	if !told {
		w.conn.Close()
	}
}

// endGrace is the time that a worker has to end.
const endGrace = time.Second

// follow takes the answers of a worker until its end, and has it replaced.
func (d *dispatcher) follow(w *worker) {
	for {
		kind, m, id, number, err := receiveFrom(w.conn)
		if err != nil {
			break
		}
		if kind == kindResult || kind == kindFailure {
			w.process.helper.proc.Drain()
		}
		finished := d.answer(w, kind, m, id, int(number))
		if finished != nil {
			d.finish(finished)
		}
		d.hand()
	}
	w.conn.Close()
	timer := time.AfterFunc(endGrace, func() { _ = w.process.Kill() })
	<-w.process.done
	timer.Stop()
	<-w.written
	d.bury(w)
}

// answer takes note of a message of a worker. It returns the job that it was the
// last answer to, nil if there is none.
func (d *dispatcher) answer(w *worker, kind byte, m codec.Message, id uint64, number int) (finished *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch kind {
	case kindReady:
		w.ready, d.stillborn = true, 0
	case kindUnfit:
		w.unfit = true
		err := errorf("mp: the pool is broken: its initializer failed: %w", taskError(m, w.process.Name, w.process.PID(), -1))
		if d.broken == nil {
			d.broken = err
		}
	case kindKept:
		w.recalling = false
	case kindPart:
		i := slices.IndexFunc(w.running, func(c *chunk) bool { return c.job.id == id && c.number == number })
		if i < 0 || w.running[i].job.over {
			m.Close()
		} else {
			w.running[i].parts = append(w.running[i].parts, m)
		}
	case kindReturned, kindResult, kindFailure:
		if kind == kindReturned {
			w.recalling = false
		}
		i := slices.IndexFunc(w.running, func(c *chunk) bool { return c.job.id == id && c.number == number })
		if i < 0 {
			m.Close()
			return nil
		}
		c := w.running[i]
		w.running = slices.Delete(w.running, i, i+1)
		switch {
		case c.job.over:
			c.drop()
			m.Close()
		case kind == kindReturned:
			w.given--
			d.waiting = slices.Insert(d.waiting, 0, c)
		default:
			return c.job.take(answer{chunk: c, message: m, failed: kind == kindFailure, process: w.process})
		}
	}
	return nil
}

// finish ends a job all of whose chunks have been answered.
func (d *dispatcher) finish(j *job) {
	d.mu.Lock()
	workers := slices.Clone(d.workers)
	d.mu.Unlock()
	for _, w := range workers {
		w.process.helper.flush()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !j.over {
		j.end()
		d.forget(j)
	}
}

// bury removes a worker that has ended, and starts another in its place.
func (d *dispatcher) bury(w *worker) {
	code, _ := w.process.ExitCode()
	var finished *job
	d.mu.Lock()
	d.workers = slices.DeleteFunc(d.workers, func(x *worker) bool { return x == w })
	lost := w.running
	w.running = nil
	for i := range w.out {
		w.out[i].drop()
	}
	w.out = nil
	if len(lost) > 0 && w.ready {
		c := lost[0]
		lost = lost[1:]
		if c.job.over {
			c.drop()
		} else {
			finished = c.job.take(answer{chunk: c, died: &WorkerDiedError{
				Process: w.process.Name, PID: w.process.PID(), ExitCode: code, First: c.first, Last: c.first + c.count - 1,
			}})
			if finished == nil && c.job.arrived == nil { // what is left may wait for what is lost
				c.job.end()
				d.forget(c.job)
			}
		}
	}
	d.waiting = append(slices.Clone(lost), d.waiting...)
	err := d.broken
	if err == nil && !w.ready && !w.retired {
		d.stillborn++
		switch startErr := w.process.Err(); {
		case startErr != nil:
			err = errorf("mp: the pool is broken: %w", startErr)
		case code >= 0 || d.stillborn >= maxStillborn:
			err = errorf("mp: the pool is broken: %w", &WorkerDiedError{Process: w.process.Name, PID: w.process.PID(), ExitCode: code, First: -1})
		}
	}
	d.mu.Unlock()
	_ = w.process.Close() // it has ended
	if finished != nil {
		d.finish(finished)
	}
	if err == nil {
		if fillErr := d.fill(); fillErr != nil {
			err = errorf("mp: the pool is broken: replacing %s: %w", w.process.Name, fillErr)
		}
	}
	if err != nil {
		d.breakDown(err)
	}
	d.hand()
}
