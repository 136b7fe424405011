package nbformat

import (
	"maps"
	"slices"
	"sync"
)

// A Recorder collects the outputs of the cells of a notebook while they are
// executed, by the rules of nbclient (client.py: process_message). It is safe
// for concurrent use; the notebook itself changes only in Begin and Store.
type Recorder struct {
	mu       sync.Mutex
	cells    []*Outputs
	displays map[string][]*output // what is shown under a display id
}

// Outputs are those of one cell. They take what comes also after the cell has
// ended, as long as Store has not been called for the last time. Their methods
// keep no reference to their arguments.
type Outputs struct {
	recorder *Recorder
	cell     *Cell
	list     []*output
	clear    bool // clear_output(wait=True): before the next output
}

// An output is one of a cell's outputs: a stream, whose text grows, or another,
// whose fields are complete.
type output struct {
	stream string // its name
	text   []byte
	id     string // the display id
	fields map[string]any
}

// NewRecorder returns a recorder of nothing.
func NewRecorder() *Recorder { return &Recorder{displays: map[string][]*output{}} }

// Begin says that cell is executed now, as In [count], and returns its outputs:
// none yet.
func (r *Recorder) Begin(cell *Cell, count int) *Outputs {
	r.mu.Lock()
	defer r.mu.Unlock()
	cell.SetCount(count)
	o := &Outputs{recorder: r, cell: cell}
	r.cells = append(r.cells, o)
	return o
}

// Store writes what has been recorded into the cells. It may be called again.
func (r *Recorder) Store() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.cells {
		outputs := []any{}
		for _, out := range o.list {
			outputs = append(outputs, out.stored())
		}
		o.cell.fields["outputs"] = outputs
	}
}

func (o *output) stored() map[string]any {
	if o.stream == "" {
		return maps.Clone(o.fields)
	}
	return map[string]any{"output_type": "stream", "name": o.stream, "text": valid(o.text)}
}

// Stream adds text to the stream of that name, "stdout" or "stderr". Text that
// follows text of the same stream joins it.
func (o *Outputs) Stream(name string, text []byte) {
	if len(text) == 0 {
		return
	}
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	o.clearIfDue()
	if n := len(o.list); n > 0 && o.list[n-1].stream == name {
		o.list[n-1].text = append(o.list[n-1].text, text...)
		return
	}
	o.list = append(o.list, &output{stream: name, text: slices.Clone(text)})
}

// Display adds a MIME bundle (display_data). With an id that is not empty, what
// is already shown under it is replaced too.
func (o *Outputs) Display(data, metadata map[string]any, id string) {
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	o.recorder.update(data, metadata, id)
	o.add(&output{id: id, fields: map[string]any{
		"output_type": "display_data", "data": bundle(data), "metadata": bundle(metadata),
	}})
}

// Update replaces every bundle that is shown under id, in any cell.
func (o *Outputs) Update(data, metadata map[string]any, id string) {
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	o.recorder.update(data, metadata, id)
}

// Result adds the result of the cell, Out [count] (execute_result).
func (o *Outputs) Result(count int, data, metadata map[string]any) {
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	o.add(&output{fields: map[string]any{
		"output_type": "execute_result", "execution_count": plain(count), "data": bundle(data), "metadata": bundle(metadata),
	}})
}

// Error adds the error with which the cell failed.
func (o *Outputs) Error(name, value string, traceback []string) {
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	lines := []any{}
	for _, line := range traceback {
		lines = append(lines, plain(line))
	}
	o.add(&output{fields: map[string]any{
		"output_type": "error", "ename": plain(name), "evalue": plain(value), "traceback": lines,
	}})
}

// Clear removes the outputs of the cell (clear_output); with wait, when the
// next one comes. An update is no output that comes.
func (o *Outputs) Clear(wait bool) {
	o.recorder.mu.Lock()
	defer o.recorder.mu.Unlock()
	o.clear = true
	if !wait {
		o.clearIfDue()
	}
}

func (o *Outputs) clearIfDue() {
	if !o.clear {
		return
	}
	for _, out := range o.list {
		if out.id != "" {
			shown := slices.DeleteFunc(o.recorder.displays[out.id], func(other *output) bool { return other == out })
			o.recorder.displays[out.id] = shown
			if len(shown) == 0 {
				delete(o.recorder.displays, out.id)
			}
		}
	}
	o.list, o.clear = nil, false
}

func (o *Outputs) add(out *output) {
	o.clearIfDue()
	o.list = append(o.list, out)
	if out.id != "" {
		o.recorder.displays[out.id] = append(o.recorder.displays[out.id], out)
	}
}

func (r *Recorder) update(data, metadata map[string]any, id string) {
	if id == "" {
		return
	}
	for _, out := range r.displays[id] {
		out.fields["data"], out.fields["metadata"] = bundle(data), bundle(metadata)
	}
}

// bundle returns a copy of fields for a file, never nil. A value that cannot be
// stored does not take the others along.
func bundle(fields map[string]any) map[string]any {
	stored := map[string]any{}
	for key, value := range fields {
		stored[key] = plain(value)
	}
	return stored
}
