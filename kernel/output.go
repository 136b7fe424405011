package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// output is the lang.Output of one cell. It publishes under the cell's parent
// header for as long as anybody writes to it (rule 39). A silent cell's output
// is dropped (rule 8).
type output struct {
	*origin
	k       *Kernel
	silent  bool
	session lang.Session            // that runs the cell; set before it does
	asks    atomic.Pointer[asksFor] // nil when nobody can be asked, at the latest after the cell
	steady  func() bool             // takes back what begin has arranged
}

// asksFor is for whom an output asks questions. The output lives on with what may
// still write to it, and the request would be kept with all its frames.
type asksFor struct {
	request *request
	cell    context.Context // ends with the cell, or its interrupt
	end     context.CancelFunc
}

func newOutput(cell context.Context, k *Kernel, r *request, in wire.ExecuteContent) *output {
	o := &output{
		origin: &origin{parent: bytes.Clone(r.RawHeader)},
		k:      k,
		silent: in.Silent,
	}
	if in.AllowStdin {
		cell, end := context.WithCancel(cell)
		o.asks.Store(&asksFor{r, cell, end})
	}
	return o
}

// begin is called when the cell begins, and end must follow: an interrupt in
// between, which ends the context of the cell, hurries its output.
func (o *output) begin(cell context.Context) {
	o.steady = context.AfterFunc(cell, func() { o.k.pub.hurry(o.origin) })
}

// end is called when the cell has ended: nobody can be asked any more.
func (o *output) end() {
	o.steady()
	if of := o.asks.Swap(nil); of != nil {
		o.k.asker.end(of)
	}
	o.k.pub.finish(o.origin)
}

// Stdout implements lang.Output.
func (o *output) Stdout(p []byte) { o.write("stdout", p) }

// Stderr implements lang.Output.
func (o *output) Stderr(p []byte) { o.write("stderr", p) }

func (o *output) write(stream string, p []byte) {
	if o.silent || len(p) == 0 {
		return
	}
	o.k.pub.write(o.origin, stream, p)
}

// Display implements lang.Output.
func (o *output) Display(b display.Bundle, id string) { o.show(wire.DisplayData, b, id) }

// UpdateDisplay implements lang.Output.
func (o *output) UpdateDisplay(b display.Bundle, id string) { o.show(wire.UpdateDisplayData, b, id) }

func (o *output) show(t wire.Type, b display.Bundle, id string) {
	b = encodable(b, o.k.log)
	o.publish(t, wire.DisplayContent{Data: b.Data, Metadata: b.Metadata, Transient: wire.Transient{DisplayID: id}})
}

// ClearOutput implements lang.Output.
func (o *output) ClearOutput(wait bool) { o.publish(wire.ClearOutput, wire.ClearContent{Wait: wait}) }

// Comm implements lang.Output.
func (o *output) Comm(m lang.CommMessage) { o.k.say(o, m) }

func (o *output) publish(t wire.Type, content any) {
	if !o.silent {
		o.k.pub.show(t, o.parent, content)
	}
}

// ReadLine implements lang.Output.
func (o *output) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	of := o.asks.Load()
	if of == nil {
		return "", lang.ErrNoInput
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(of.cell, func() { cancel(context.Cause(of.cell)) })
	defer stop()
	return o.k.ask(ctx, of, wire.InputRequestContent{Prompt: prompt, Password: password})
}

// encodable returns b with each value as JSON, without those that have none,
// and with maps that are not nil: one bad value shall not cost the others.
func encodable(b display.Bundle, log *slog.Logger) display.Bundle {
	encode := func(in map[string]any) map[string]any {
		out := make(map[string]any, len(in))
		for key, value := range in {
			raw, err := json.Marshal(value)
			if err != nil {
				log.Warn("a value cannot be displayed", "mime", key, "error", err)
				continue
			}
			out[key] = json.RawMessage(raw)
		}
		return out
	}
	return display.Bundle{Data: encode(b.Data), Metadata: encode(b.Metadata)}
}
