package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"cuaderno/internal/codec"
)

// mode is how the function of a job is called.
type mode uint64

const (
	modeEach mode = iota // for each item
	modeStar             // for each list of arguments
	modeBulk             // once, with all items of a chunk and a variable for where it is
)

// A job is a function to be called for a number of items. The lock of its
// dispatcher guards it until it is over.
type job struct {
	pool     *dispatcher
	id       uint64
	mode     mode
	function *parcel
	sig      signature
	results  reflect.Type // the slice of all results
	cell     Cell
	stop     func() bool // ends the watch over the cell

	chunks  int
	left    int // chunks without an answer
	answers []answer
	arrived chan int // numbers of answered chunks, nil if nobody wants them
	over    bool
	err     error         // why the job failed as a whole
	done    chan struct{} // closed when it is over

	collecting sync.Once
	values     reflect.Value
	valuesErr  error
}

// A chunk is a number of consecutive items of a job.
type chunk struct {
	job          *job
	number       int
	first, count int             // items
	args         *parcel         // nil when it has been answered
	parts        []codec.Message // of its results: those before the last
}

// drop gives up the arguments of a chunk that nobody will be given any more.
func (c *chunk) drop() {
	c.args.release()
	c.args = nil
	for _, m := range c.parts {
		m.Close()
	}
	c.parts = nil
}

// An answer is what has come back for a chunk.
type answer struct {
	chunk   *chunk
	parts   []codec.Message // of the results: those before message
	message codec.Message
	failed  bool // the message is of encodeFailure
	process *Process
	died    error // why there is no message
}

// error returns why there are no results, nil if there are.
func (a *answer) error() error {
	if a.failed {
		return taskError(a.message, a.process.Name, a.process.PID(), a.chunk.first)
	}
	return a.died
}

// taskFunction checks that f is a function.
func taskFunction(f any) (reflect.Value, signature, error) {
	v := reflect.ValueOf(f)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Func && v.IsNil():
		return v, signature{}, fmt.Errorf("mp: the function of a task is nil")
	case v.Kind() != reflect.Func:
		return v, signature{}, errorf("mp: a task must be a function, not %s", v.Type())
	}
	return v, signatureOf(v.Type()), nil
}

// newJob makes a job of n items with a packed function and adds it to the pool.
// Its chunks follow.
func (d *dispatcher) newJob(f codec.Message, m mode, sig signature, results reflect.Type, chunks int, ordered bool) (*job, error) {
	j := &job{
		pool: d, mode: m, function: newParcel(f), sig: sig, results: results, cell: here.getHost().Cell(),
		chunks: chunks, left: chunks, answers: make([]answer, chunks), done: make(chan struct{}),
	}
	if !ordered {
		j.arrived = make(chan int, chunks)
	}
	if err := d.add(j); err != nil {
		j.function.release()
		return nil, err
	}
	ctx := j.cell.Context()
	stop := context.AfterFunc(ctx, func() { d.cancel(j, context.Cause(ctx)) })
	d.mu.Lock()
	j.stop = stop
	if j.over {
		stop()
	}
	d.mu.Unlock()
	if chunks == 0 {
		d.finish(j)
	}
	return j, nil
}

// put gives the pool the next chunk of a job.
func (j *job) put(number, first, count int, args codec.Message) {
	d := j.pool
	d.mu.Lock()
	if j.over {
		d.mu.Unlock()
		args.Close()
		return
	}
	d.waiting = append(d.waiting, &chunk{job: j, number: number, first: first, count: count, args: newParcel(args)})
	d.mu.Unlock()
	d.hand()
}

// take takes an answer and returns the job if it was the last one.
func (j *job) take(a answer) *job {
	c := a.chunk
	a.parts, c.parts = c.parts, nil
	c.drop()
	j.answers[c.number] = a
	if j.arrived != nil {
		j.arrived <- c.number
	}
	if j.left--; j.left > 0 {
		return nil
	}
	return j
}

// fail ends a job with an error.
func (j *job) fail(err error) {
	if j.over {
		return
	}
	j.err = err
	j.end()
}

func (j *job) end() {
	j.over = true
	if j.stop != nil {
		j.stop()
	}
	j.function.release()
	close(j.done)
}

// collect returns the results of a job that is over, a slice of all.
func (j *job) collect() (reflect.Value, error) {
	j.collecting.Do(func() {
		if j.valuesErr = j.err; j.valuesErr == nil {
			j.values, j.valuesErr = j.decode()
		}
		for _, a := range j.answers {
			a.message.Close()
			for _, m := range a.parts {
				m.Close()
			}
		}
		j.answers = nil
	})
	return j.values, j.valuesErr
}

func (j *job) decode() (reflect.Value, error) {
	for i := range j.answers {
		if err := j.answers[i].error(); err != nil {
			return reflect.Value{}, err
		}
	}
	if len(j.answers) == 1 {
		return j.decodeChunk(0)
	}
	all := reflect.MakeSlice(j.results, 0, len(j.answers))
	if n := len(j.answers); n > 0 {
		last := j.answers[n-1].chunk
		all = reflect.MakeSlice(j.results, last.first+last.count, last.first+last.count)
	}
	for i, a := range j.answers {
		values, err := j.decodeChunk(i)
		if err != nil {
			return reflect.Value{}, err
		}
		reflect.Copy(all.Slice(a.chunk.first, all.Len()), values)
	}
	return all, nil
}

// decodeChunk returns the results of a chunk that did not fail, a slice.
func (j *job) decodeChunk(number int) (reflect.Value, error) {
	a := &j.answers[number]
	parts := append(a.parts, a.message)
	a.parts, a.message = nil, codec.Message{}
	values, err := codec.Decode(parts[0], j.results, here.domain())
	for _, m := range parts[1:] {
		if err != nil {
			m.Close()
			continue
		}
		var more reflect.Value
		if more, err = codec.Decode(m, j.results, here.domain()); err == nil {
			values = reflect.AppendSlice(values, more)
		}
	}
	if err == nil && values.Len() != a.chunk.count {
		err = fmt.Errorf("mp: %d results came for %d items", values.Len(), a.chunk.count)
	}
	return values, err
}
