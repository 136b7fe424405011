package kernel

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// A turn says when a request is handled.
type turn int

const (
	// inOrder requests are handled one after the other: those of the shell
	// channel by the worker, those of the control channel by its receiver.
	inOrder turn = iota
	// queued requests wait in the shell queue, whichever channel they came by.
	queued
	// atOnce requests are handled by whoever received them.
	atOnce
)

// A route is how requests of one type are handled.
type route struct {
	turn   turn
	handle func(k *Kernel, ctx context.Context, r *request)
}

// routes is the dispatch table. Types that are not in it get busy and idle and
// no reply (rule 10).
func routes() map[wire.Type]route {
	return map[wire.Type]route{
		wire.KernelInfoRequest: {inOrder, (*Kernel).kernelInfo},
		wire.ExecuteRequest:    {queued, (*Kernel).execute},
		wire.IsCompleteRequest: {inOrder, (*Kernel).isComplete},
		wire.CompleteRequest:   {inOrder, (*Kernel).complete},
		wire.InspectRequest:    {inOrder, (*Kernel).inspect},
		wire.HistoryRequest:    {inOrder, (*Kernel).history},
		wire.CommInfoRequest:   {inOrder, (*Kernel).commInfo},
		wire.CommOpen:          {inOrder, (*Kernel).commOpen},
		wire.InterruptRequest:  {atOnce, (*Kernel).interrupt},
		wire.ShutdownRequest:   {atOnce, (*Kernel).shutdown},
	}
}

// receive takes what arrives on a channel until the channel is closed. What
// cannot be read is dropped and logged (rules 17 and 18).
func (k *Kernel) receive(ctx context.Context, ch *channel) {
	for {
		frames, err := ch.sock.Recv()
		if err != nil {
			return
		}
		m, err := k.codec.Decode(frames)
		if err != nil {
			k.log.Warn("a message was dropped", "channel", ch.name, "error", err)
			continue
		}
		if ch == k.stdin {
			k.answer(m)
			continue
		}
		r := &request{Message: m, from: ch, received: time.Now()}
		turn := k.routes[m.Header.Type].turn
		if turn == queued || turn == inOrder && ch == k.shell {
			k.queue.push(r)
			continue
		}
		k.handle(ctx, r)
	}
}

// serveQueue is the worker: it handles the shell queue in order until the
// queue is closed and empty.
func (k *Kernel) serveQueue(ctx context.Context) {
	defer close(k.worker)
	for {
		r, ok := k.queue.pop()
		if !ok {
			return
		}
		k.handle(ctx, r)
	}
}

// handle handles one request between busy and idle (rule 1). A panic of a
// handler is a bug of ours that costs one request, not the kernel.
func (k *Kernel) handle(ctx context.Context, r *request) {
	k.pub.status(r.RawHeader, wire.Busy)
	k.guard(ctx, r)
	k.pub.status(r.RawHeader, wire.Idle)
	if r.after != nil {
		r.after()
	}
}

func (k *Kernel) guard(ctx context.Context, r *request) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		k.log.Error("a handler panicked", "type", r.Header.Type, "panic", p, "stack", string(debug.Stack()))
		if !r.replied {
			k.fail(r, "KernelError", fmt.Sprintf("the kernel failed to handle %s: %v", r.Header.Type, p))
		}
	}()
	route, ok := k.routes[r.Header.Type]
	if !ok {
		k.log.Info("a message of unknown type", "type", r.Header.Type, "channel", r.from.name)
		return
	}
	route.handle(k, ctx, r)
}

// fail replies with status error.
func (k *Kernel) fail(r *request, name, value string) {
	e := errorContent(&lang.Error{Name: name, Value: value})
	if r.Header.Type == wire.ExecuteRequest {
		k.reply(r, k.executeFailed(e))
		return
	}
	k.reply(r, wire.FailedReply{Status: wire.Failed, ErrorContent: e})
}
