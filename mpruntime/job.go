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
	function codec.Message
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
	first, count int // items
	args         codec.Message
}

// An answer is what has come back for a chunk.
type answer struct {
	chunk   *chunk
	message codec.Message
	failed  bool
	process *Process
}

// taskFunction checks that f is a function.
func taskFunction(f any) (reflect.Value, signature, error) {
	v := reflect.ValueOf(f)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Func && v.IsNil():
		return v, signature{}, fmt.Errorf("mp: the function of a task is nil")
	case v.Kind() != reflect.Func:
		return v, signature{}, fmt.Errorf("mp: a %s is no function for a task", v.Type())
	}
	return v, signatureOf(v.Type()), nil
}

// newJob makes a job of n items with a packed function and adds it to the pool.
// Its chunks follow.
func (d *dispatcher) newJob(f codec.Message, m mode, sig signature, results reflect.Type, chunks int, ordered bool) (*job, error) {
	j := &job{
		pool: d, mode: m, function: f, sig: sig, results: results, cell: here.getHost().Cell(),
		chunks: chunks, left: chunks, answers: make([]answer, chunks), done: make(chan struct{}),
	}
	if !ordered {
		j.arrived = make(chan int, chunks)
	}
	if err := d.add(j); err != nil {
		f.Close()
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
	d.waiting = append(d.waiting, &chunk{job: j, number: number, first: first, count: count, args: args})
	d.mu.Unlock()
	d.hand()
}

// take takes an answer and returns the job if it was the last one.
func (j *job) take(c *chunk, m codec.Message, failed bool, p *Process) *job {
	c.args.Close()
	c.args = codec.Message{}
	j.answers[c.number] = answer{c, m, failed, p}
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
	j.function.Close()
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
		}
		j.answers = nil
	})
	return j.values, j.valuesErr
}

func (j *job) decode() (reflect.Value, error) {
	for _, a := range j.answers {
		if a.failed {
			return reflect.Value{}, taskError(a.message, a.process.Name, a.process.PID(), a.chunk.first)
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
	m := a.message
	a.message = codec.Message{}
	values, err := codec.Decode(m, j.results, here.domain())
	if err == nil && values.Len() != a.chunk.count {
		err = fmt.Errorf("mp: %d results came for %d items", values.Len(), a.chunk.count)
	}
	return values, err
}
