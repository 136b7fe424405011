package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// callers takes who calls a listener and has them authenticate, until ctx ends or
// the listener is closed. deliver is called with each connection, or with why there
// is none; an error of the system, as with too many open files, ends nothing.
func callers(ctx context.Context, l net.Listener, key []byte, deliver func(raw net.Conn, err error)) {
	var group sync.WaitGroup
	defer group.Wait()
	places := make(chan struct{}, maxHandshakes)
	for {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		raw, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			deliver(nil, fmt.Errorf("mp: accepting a connection: %w", err))
			<-places
			select {
			case <-ctx.Done():
			case <-time.After(retryEvery):
			}
			continue
		}
		group.Go(func() {
			defer func() { <-places }()
			stop := context.AfterFunc(ctx, func() { raw.Close() })
			err := welcome(raw, key)
			stop()
			if err != nil {
				raw.Close()
				deliver(nil, err)
				return
			}
			deliver(raw, nil)
		})
	}
}
