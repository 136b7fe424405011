package kernel

import (
	"context"
	"fmt"
	"time"

	"cuaderno/kernel/transport"
	"cuaderno/kernel/wire"
)

// registrationLimit is how long the answer to a registration is awaited; xeus
// waits as long.
const registrationLimit = 5 * time.Second

// register tells the one who started the kernel which ports it has chosen, where
// the connection asks for it (rule 45), and waits for the acknowledgement. The
// error is for people; the end of ctx, which is that of the kernel, is none.
func (k *Kernel) register(ctx context.Context, bound wire.Connection) error {
	if !bound.Registers() {
		return nil
	}
	where := bound.RegistrationEndpoint()
	frames, err := k.codec.EncodeRegistration(bound.Registration())
	if err != nil {
		return err
	}
	sock, err := transport.Dial(ctx, transport.Dealer, where, bound.KernelID, k.log.With("channel", "registration"))
	switch {
	case ctx.Err() != nil && err != nil:
		return nil
	case err != nil:
		return fmt.Errorf("registering the kernel: %w", err)
	}
	defer func() {
		if err := sock.Close(); err != nil {
			k.log.Debug("closing a socket", "channel", "registration", "error", err)
		}
	}()
	if err := sock.Send(frames); err != nil {
		return fmt.Errorf("registering the kernel at %s: %w", where, err)
	}
	acknowledged := make(chan struct{})
	k.work.Go(func() {
		for {
			frames, err := sock.Recv()
			if err != nil {
				return
			}
			if err := k.codec.CheckAcknowledgement(frames); err != nil {
				k.log.Warn("an acknowledgement was dropped", "error", err)
				continue
			}
			close(acknowledged)
			return
		}
	})
	limit := time.NewTimer(registrationLimit)
	defer limit.Stop()
	select {
	case <-acknowledged:
		return nil
	case <-ctx.Done():
		return nil
	case <-limit.C:
		return fmt.Errorf("registering the kernel: nobody at %s acknowledged it within %v with the key of the registration file", where, registrationLimit)
	}
}
