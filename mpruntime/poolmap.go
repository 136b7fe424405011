package mpruntime

import (
	"fmt"
	"iter"
	"reflect"
	"runtime"

	"cuaderno/internal/codec"
)

// chunkSize returns how many of n items go to a worker at once.
func (d *dispatcher) chunkSize(n int) int {
	if d.options.ChunkSize > 0 {
		return d.options.ChunkSize
	}
	parts := 4 * d.options.Workers
	return max(1, (n+parts-1)/parts)
}

// admit returns who runs the tasks of a pool that takes some, and the signature
// of their function.
func (p *Pool) admit(f any) (*dispatcher, signature, error) {
	d, err := p.dispatcher()
	if err != nil {
		return nil, signature{}, err
	}
	_, sig, err := taskFunction(f)
	if err != nil {
		return nil, signature{}, err
	}
	return d, sig, p.Err()
}

// submitItems makes a job of calling f for each of items, a slice of its
// parameter's type. bulk, unless nil, is the function that does so for a chunk.
// results is the type of the slice of results, nil for that of f.
func (p *Pool) submitItems(f, bulk any, items reflect.Value, results reflect.Type, size int, ordered bool) (*job, error) {
	d, sig, err := p.admit(f)
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	how := modeEach
	var function codec.Message
	if bulk != nil {
		how = modeBulk
		function, err = pack(bulk, "the function")
	}
	if bulk == nil || err != nil { // a function that has captured f cannot be passed on by every host
		how = modeEach
		function, err = pack(f, "the function")
	}
	if err != nil {
		return nil, err
	}
	if results == nil {
		results = reflect.SliceOf(sig.result)
	}
	n := items.Len()
	if size == 0 {
		size = d.chunkSize(n)
	}
	j, err := d.newJob(function, how, sig, results, (n+size-1)/size, ordered)
	if err != nil {
		return nil, err
	}
	for number, first := 0, 0; first < n; number, first = number+1, first+size {
		count := min(size, n-first)
		args, err := codec.Encode(items.Slice(first, first+count), "the items", here.domain())
		if err != nil {
			d.cancel(j, err)
			return nil, err
		}
		j.put(number, first, count, args)
	}
	return j, nil
}

// anyItems turns items, a slice or an array of anything, into a slice of what f
// takes.
func anyItems(f, items any) (reflect.Value, error) {
	_, sig, err := taskFunction(f)
	if err != nil {
		return reflect.Value{}, err
	}
	if err := sig.takes(1); err != nil {
		return reflect.Value{}, errorf("mp: the function of the tasks is called with one item: %w: use StarMap for lists of arguments", err)
	}
	v := reflect.ValueOf(items)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return reflect.Value{}, fmt.Errorf("mp: the items of a pool's tasks are a slice, not %s", typeName(items))
	}
	want := reflect.SliceOf(sig.parameter(0))
	if v.Type() == want {
		return v, nil
	}
	list := reflect.MakeSlice(want, v.Len(), v.Len())
	for i := range v.Len() {
		x, err := argument(v.Index(i), want.Elem())
		if err != nil {
			return reflect.Value{}, errorf("mp: item %d does not fit the function: %w", i, err)
		}
		list.Index(i).Set(x)
	}
	return list, nil
}

// submitLists makes a job of calling f with each list of arguments.
func (p *Pool) submitLists(f any, lists [][]any, size int) (*job, error) {
	d, sig, err := p.admit(f)
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(p)
	function, err := pack(f, "the function")
	if err != nil {
		return nil, err
	}
	n := len(lists)
	if size == 0 {
		size = d.chunkSize(n)
	}
	j, err := d.newJob(function, modeStar, sig, reflect.SliceOf(sig.result), (n+size-1)/size, true)
	if err != nil {
		return nil, err
	}
	for number, first := 0, 0; first < n; number, first = number+1, first+size {
		count := min(size, n-first)
		args, err := encodeLists(sig, lists[first:first+count], first, n == 1)
		if err != nil {
			d.cancel(j, err)
			return nil, err
		}
		j.put(number, first, count, args)
	}
	return j, nil
}

// encodeLists makes a message of lists of arguments.
func encodeLists(sig signature, lists [][]any, first int, single bool) (_ codec.Message, err error) {
	e := codec.NewEncoder(here.domain())
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	e.Uvarint(uint64(len(lists)))
	for i, list := range lists {
		where := fmt.Sprintf(" of task %d", first+i)
		if single {
			where = ""
		}
		if err := sig.takes(len(list)); err != nil {
			return codec.Message{}, errorf("mp: the arguments%s do not fit the function: %w", where, err)
		}
		e.Uvarint(uint64(len(list)))
		for k, arg := range list {
			x, err := argument(reflect.ValueOf(arg), sig.parameter(k))
			if err != nil {
				return codec.Message{}, errorf("mp: argument %d%s does not fit the function: %w", k+1, where, err)
			}
			if err := e.Encode(x, fmt.Sprintf("argument %d%s", k+1, where)); err != nil {
				return codec.Message{}, err
			}
		}
	}
	return e.Message(), nil
}

// Map calls f, a function of one parameter, for each of items, a slice, and
// returns the results in their order. A function that returns nothing has nil as
// its result, one that returns several values a []any of them; an error as its
// last result is no part of it. If a task fails Map returns the error of the
// first one in their order, a [*TaskError], when all have been done. When a worker
// dies it returns at once: a [*WorkerDiedError], or the error of a task before those
// that were lost. An interrupt of the calling
// cell ends the tasks.
//
// The function Map is the same with types.
func (p *Pool) Map(f, items any) ([]any, error) { return p.MapAsync(f, items).list() }

// MapAsync is Map that does not wait.
func (p *Pool) MapAsync(f, items any) *AsyncResult {
	v, err := anyItems(f, items)
	if err != nil {
		return failedResult(err)
	}
	j, err := p.submitItems(f, nil, v, nil, 0, true)
	return newResult(p, j, err)
}

// StarMap is Map of a function of any number of parameters: each item is the list
// of its arguments.
func (p *Pool) StarMap(f any, items [][]any) ([]any, error) { return p.StarMapAsync(f, items).list() }

// StarMapAsync is StarMap that does not wait.
func (p *Pool) StarMapAsync(f any, items [][]any) *AsyncResult {
	j, err := p.submitLists(f, items, 0)
	return newResult(p, j, err)
}

// Apply calls f with args in a worker and returns its result as Map does.
func (p *Pool) Apply(f any, args ...any) (any, error) { return p.ApplyAsync(f, args...).Get() }

// ApplyAsync is Apply that does not wait.
func (p *Pool) ApplyAsync(f any, args ...any) *AsyncResult {
	j, err := p.submitLists(f, [][]any{args}, 1)
	r := newResult(p, j, err)
	r.single = true
	return r
}

// Imap is Map that yields each result as soon as it and all before it are there. A
// task that has failed yields its error, and the next follow. The tasks start
// with the call, and their results are yielded once: who ranges over them again
// goes on where the last range ended.
func (p *Pool) Imap(f, items any) iter.Seq2[any, error] { return p.imap(f, items, true) }

// ImapUnordered is Imap that yields results in the order in which they come.
func (p *Pool) ImapUnordered(f, items any) iter.Seq2[any, error] { return p.imap(f, items, false) }

func (p *Pool) imap(f, items any, inOrder bool) iter.Seq2[any, error] {
	v, err := anyItems(f, items)
	var j *job
	if err == nil {
		j, err = p.submitItems(f, nil, v, nil, max(1, p.ownChunkSize()), false)
	}
	s := newSequence(p, j, err, inOrder)
	return func(yield func(any, error) bool) {
		defer runtime.KeepAlive(s)
		for {
			var x any
			v, ok, err := s.next()
			if v.IsValid() {
				x = j.sig.value(v)
			}
			if !ok && err == nil || !yield(x, err) || !ok {
				return
			}
		}
	}
}

// ownChunkSize is that of the options, 0 if there is none.
func (p *Pool) ownChunkSize() int {
	if d, err := p.dispatcher(); err == nil {
		return d.options.ChunkSize
	}
	return 0
}

// mapTyped is MapAsync of typed items; out points to the slice of results.
func (p *Pool) mapTyped(f, bulk, items, out any) *AsyncResult {
	j, err := p.submitItems(f, bulk, reflect.ValueOf(items), reflect.TypeOf(out).Elem(), 0, true)
	return newResult(p, j, err)
}

// imapTyped returns a function that waits for the next result and sets the variable
// that its argument, a pointer, points to. ok says that there is one, or the error
// of the tasks in its place; without it err is why there will be none.
func (p *Pool) imapTyped(f, bulk, items, out any, inOrder bool) func(to any) (ok bool, err error) {
	j, err := p.submitItems(f, bulk, reflect.ValueOf(items), reflect.TypeOf(out).Elem(), max(1, p.ownChunkSize()), false)
	return newSequence(p, j, err, inOrder).into
}
