package mpruntime

import (
	"errors"
	"sync"
	"time"
)

const (
	// lookahead is the most chunks that a worker is given before it has done the
	// one that it runs, so that it need not wait for the next.
	lookahead = 8
	// cancelGrace is the time that a worker has to stop a cancelled task.
	cancelGrace = time.Second
	// maxStillborn is how many workers in a row may die before they are ready until
	// the pool gives up.
	maxStillborn = 3
)

// A dispatcher is what a Pool refers to: it hands the chunks of jobs to workers.
// Its goroutines, one per worker and owned by it, do not refer to the Pool, which
// can be forgotten.
//
// A chunk is either waiting or with one worker, which runs its chunks in order:
// when a worker dies it had begun no more than the first of them, and the others
// wait again. A worker that has nothing to do while another has chunks ahead gets
// them handed back, so that tasks which wait for each other all run.
type dispatcher struct {
	options PoolOptions
	initial *parcel // what a worker initializes itself with, nil for nothing

	mu         sync.Mutex
	workers    []*worker
	starting   int // workers that are not among them yet
	waiting    []*chunk
	jobs       map[uint64]*job // not done
	lastJob    uint64
	stillborn  int
	closed     bool
	terminated bool
	broken     error
	ended      chan struct{} // closed when there are no workers and will be none
	endOnce    sync.Once
}

func newDispatcher(o PoolOptions) *dispatcher {
	return &dispatcher{options: o, jobs: map[uint64]*job{}, ended: make(chan struct{})}
}

// prepare packs the initializer.
func (d *dispatcher) prepare(o PoolOptions) error {
	if o.Initializer == nil {
		if len(o.InitArgs) > 0 {
			return errors.New("there are InitArgs and no Initializer")
		}
		return nil
	}
	_, s, err := taskFunction(o.Initializer)
	if err != nil {
		return errorf("the Initializer: %w", err)
	}
	if err := s.takes(len(o.InitArgs)); err != nil {
		return errorf("the Initializer: %w", err)
	}
	m, err := pack(append([]any{o.Initializer}, o.InitArgs...), "the Initializer and its arguments")
	if err == nil {
		d.initial = newParcel(m)
	}
	return err
}

// fill starts the workers that are missing.
func (d *dispatcher) fill() error {
	for {
		d.mu.Lock()
		full := len(d.workers)+d.starting >= d.options.Workers || d.finishing() || d.broken != nil
		if !full {
			d.starting++
		}
		d.mu.Unlock()
		if full {
			return nil
		}
		err := d.startWorker()
		d.mu.Lock()
		d.starting--
		d.checkEnd()
		d.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// finishing reports whether no worker is needed any more.
func (d *dispatcher) finishing() bool {
	return d.terminated || d.closed && len(d.jobs) == 0
}

// add takes a job. Its chunks follow.
func (d *dispatcher) add(j *job) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.broken != nil:
		return d.broken
	case d.closed || d.terminated:
		return &explained{"mp: the pool is closed and takes no more tasks", ErrClosed}
	}
	d.lastJob++
	j.id = d.lastJob
	d.jobs[j.id] = j
	return nil
}

// hand gives waiting chunks to workers, and finishes what there is to finish. It
// waits for no worker: what there is to send is left to their writers.
func (d *dispatcher) hand() {
	d.mu.Lock()
	for d.assign() {
	}
	d.recall()
	d.retire()
	var prompt []*worker
	for _, w := range d.workers {
		if w.prompt() {
			prompt = append(prompt, w)
		} else {
			w.post()
		}
	}
	d.mu.Unlock()
	for _, w := range prompt {
		w.flushNow()
	}
}

// assign gives one chunk to a worker; it is false if there is nothing to give or
// nobody to take it.
func (d *dispatcher) assign() bool {
	for len(d.waiting) > 0 && d.waiting[0].job.over {
		d.waiting[0].drop()
		d.waiting = d.waiting[1:]
	}
	if len(d.waiting) == 0 {
		return false
	}
	var best *worker
	for _, w := range d.workers {
		if w.free() && (best == nil || len(w.running) < len(best.running)) {
			best = w
		}
	}
	if best == nil || len(best.running) > 0 && (len(best.running) > lookahead || len(d.waiting) < 2*len(d.workers)) {
		return false
	}
	c := d.waiting[0]
	d.waiting[0] = nil
	d.waiting = d.waiting[1:]
	best.give(c)
	return true
}

// recall has a chunk handed back by a worker that has some ahead when another has
// none at all.
func (d *dispatcher) recall() {
	var idle, busy *worker
	for _, w := range d.workers {
		switch {
		case w.free() && len(w.running) == 0:
			idle = w
		case len(w.running) > 1 && !w.recalling && (busy == nil || len(w.running) > len(busy.running)):
			busy = w
		}
	}
	if idle != nil && busy != nil && len(d.waiting) == 0 {
		last := busy.running[len(busy.running)-1]
		busy.recalling = true
		busy.out = append(busy.out, envelope{kind: kindRecall, job: last.job.id, number: uint64(last.number)})
	}
}

// retire lets workers end that have done their share, all if the pool is closed,
// those excepted that have not called the initializer yet.
func (d *dispatcher) retire() {
	for _, w := range d.workers {
		if d.initial != nil && !w.ready && !d.terminated && d.broken == nil {
			continue
		}
		if len(w.running) == 0 && !w.retired && (d.finishing() || d.usedUp(w)) {
			w.retired = true
			w.conn.Close()
		}
	}
	d.checkEnd()
}

func (d *dispatcher) usedUp(w *worker) bool {
	return d.options.MaxTasksPerChild > 0 && w.given >= d.options.MaxTasksPerChild
}

// checkEnd says so when there are no workers and will be none.
func (d *dispatcher) checkEnd() {
	if len(d.workers)+d.starting == 0 && (d.finishing() || d.broken != nil) {
		d.endOnce.Do(func() {
			d.initial.release()
			close(d.ended)
		})
	}
}

// forget removes a job that is over and tells the workers so.
func (d *dispatcher) forget(j *job) {
	if d.jobs[j.id] != j {
		return
	}
	delete(d.jobs, j.id)
	for _, w := range d.workers {
		if w.knows[j.id] {
			delete(w.knows, j.id)
			w.out = append(w.out, envelope{kind: kindForget, job: j.id})
		}
	}
}

// cancel ends a job with an error. Workers that run a chunk of it stop that, or
// are replaced.
func (d *dispatcher) cancel(j *job, err error) {
	d.mu.Lock()
	if j.over {
		d.mu.Unlock()
		return
	}
	j.fail(err)
	var busy []*worker
	for _, w := range d.workers {
		for _, c := range w.running {
			if c.job == j {
				busy = append(busy, w)
				w.knows[j.id] = true // and forgets the cancelling
				w.out = append(w.out, envelope{kind: kindCancel, job: j.id})
				break
			}
		}
	}
	d.forget(j)
	d.mu.Unlock()
	d.hand()
	if len(busy) > 0 {
		time.AfterFunc(cancelGrace, func() { d.killBusy(busy, j) })
	}
}

// killBusy ends the workers that still run a job.
func (d *dispatcher) killBusy(busy []*worker, j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range busy {
		if len(w.running) > 0 && w.running[0].job == j {
			_ = w.process.Kill() // it may just have ended
		}
	}
}

// breakDown makes the pool unusable.
func (d *dispatcher) breakDown(err error) {
	d.mu.Lock()
	if d.broken == nil {
		d.broken = err
	}
	workers := d.abandon(d.broken)
	d.mu.Unlock()
	for _, w := range workers {
		w.end()
	}
}

// abandon fails all jobs and returns the workers, which are to end.
func (d *dispatcher) abandon(err error) []*worker {
	for _, c := range d.waiting {
		c.drop()
	}
	d.waiting = nil
	for _, j := range d.jobs {
		j.fail(err)
		delete(d.jobs, j.id)
	}
	d.checkEnd()
	return append([]*worker(nil), d.workers...)
}

func (d *dispatcher) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.hand()
}

func (d *dispatcher) terminate() {
	d.mu.Lock()
	d.closed, d.terminated = true, true
	workers := d.abandon(&explained{"mp: the pool was terminated", ErrClosed})
	d.mu.Unlock()
	for _, w := range workers {
		w.end()
	}
}
