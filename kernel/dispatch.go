package kernel

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// A turn says when a request is handled.
type turn int

const (
	// atOnce requests are handled while cells run, by the desk of the channel
	// they came by, one after the other.
	atOnce turn = iota
	// queued requests wait for their turn in the shell that they name,
	// whichever channel they came by.
	queued
)

// A route is how requests of one type are handled.
type route struct {
	turn   turn
	handle func(k *Kernel, ctx context.Context, r *request)
	// early, when set, is called on receipt, before what waits at the desk.
	early func(k *Kernel)
}

// routes is the dispatch table. Types that are not in it get busy and idle and
// no reply (rule 10).
func routes() map[wire.Type]route {
	return map[wire.Type]route{
		wire.ExecuteRequest: {turn: queued, handle: (*Kernel).execute},
		wire.CommOpen:       {turn: queued, handle: (*Kernel).comm},
		wire.CommMsg:        {turn: queued, handle: (*Kernel).comm},
		wire.CommClose:      {turn: queued, handle: (*Kernel).comm},

		wire.KernelInfoRequest: {turn: atOnce, handle: (*Kernel).kernelInfo},
		wire.IsCompleteRequest: {turn: atOnce, handle: (*Kernel).isComplete},
		wire.CompleteRequest:   {turn: atOnce, handle: (*Kernel).complete},
		wire.InspectRequest:    {turn: atOnce, handle: (*Kernel).inspect},
		wire.HistoryRequest:    {turn: atOnce, handle: (*Kernel).history},
		wire.CommInfoRequest:   {turn: atOnce, handle: (*Kernel).commInfo},
		wire.ConnectRequest:    {turn: atOnce, handle: (*Kernel).connect},

		wire.InterruptRequest: {turn: atOnce, handle: (*Kernel).interrupt, early: (*Kernel).interruptAll},
		wire.ShutdownRequest:  {turn: atOnce, handle: (*Kernel).shutdown},

		wire.CreateSubshellRequest: {turn: atOnce, handle: (*Kernel).createSubshell},
		wire.DeleteSubshellRequest: {turn: atOnce, handle: (*Kernel).deleteSubshell},
		wire.ListSubshellRequest:   {turn: atOnce, handle: (*Kernel).listSubshells},
	}
}

// receive takes what arrives on a channel until the channel is closed. It handles
// nothing itself, so that nothing keeps it from the next message. What nobody with
// the key has sent, or has no header, is dropped and logged (rules 17 and 18).
func (k *Kernel) receive(ctx context.Context, ch *channel) {
	desk := newQueue()
	defer desk.close()
	k.work.Go(func() { k.answerAt(ctx, desk) })
	for {
		frames, err := ch.sock.Recv()
		if err != nil {
			return
		}
		m, err := k.codec.Decode(frames)
		unreadable := errors.Is(err, wire.ErrContent)
		if err != nil && (!unreadable || ch == k.stdin) {
			k.log.Warn("a message was dropped", "channel", ch.name, "error", err)
			continue
		}
		if ch == k.stdin {
			k.answer(m)
			continue
		}
		r := &request{Message: m, from: ch, received: time.Now()}
		if unreadable {
			r.unreadable = err
		}
		k.direct(r, desk)
	}
}

// direct hands a request to who handles it: a shell or the desk.
func (k *Kernel) direct(r *request, desk *queue) {
	route, known := k.routes[r.Header.Type]
	if known && r.unreadable != nil {
		route.handle, route.early = (*Kernel).unreadable, nil
	}
	if route.early != nil {
		route.early(k)
	}
	r.handle = route.handle
	if named := r.Header.Subshell; route.turn == queued || known && named != "" && r.from == k.shell {
		s := k.find(named)
		switch {
		case s != nil && (route.turn == atOnce || s.push(r)):
		case named == "": // the main shell is there until the kernel ends
			r.handle = (*Kernel).refuse
		default:
			r.handle = (*Kernel).unknownSubshell
		}
	}
	if r.shell == nil {
		desk.push(r)
	}
}

// answerAt handles what waits at a desk until it is closed and empty.
func (k *Kernel) answerAt(ctx context.Context, desk *queue) {
	for {
		r, ok := desk.pop()
		if !ok {
			return
		}
		k.handle(ctx, r)
	}
}

// handle handles one request between busy and idle (rule 1). A panic of a
// handler is a bug of ours that costs one request, not the kernel.
func (k *Kernel) handle(ctx context.Context, r *request) {
	k.light.busy(k.pub, r)
	k.guard(ctx, r)
	k.light.idle(k.pub, r)
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
	if r.handle == nil {
		k.log.Info("a message of unknown type", "type", r.Header.Type, "channel", r.from.name)
		return
	}
	r.handle(k, ctx, r)
}

// unreadable answers a request of which only the header can be read. Nothing is
// done for it, not even what would need no content.
func (k *Kernel) unreadable(_ context.Context, r *request) {
	k.log.Warn("a message cannot be read", "channel", r.from.name, "error", r.unreadable)
	k.fail(r, protocolError, r.unreadable.Error())
}

// fail replies with status error.
func (k *Kernel) fail(r *request, name, value string) {
	e := errorContent(&lang.Error{Name: name, Value: value})
	if r.Header.Type == wire.ExecuteRequest {
		k.reply(r, executeFailed(e, k.count.Load()))
		return
	}
	k.reply(r, wire.FailedReply{Status: wire.Failed, ErrorContent: e})
}
