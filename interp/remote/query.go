package remote

import (
	"context"
	"fmt"
)

// inquire puts a query to the session. It does not wait for cells that run.
func inquire[T any](ctx context.Context, c *Client, q query) (answer T, err error) {
	reply := make(chan answered, 1)
	c.mu.Lock()
	c.serial++
	q.ID = c.serial
	c.queries[q.ID] = reply
	c.mu.Unlock()
	select {
	case c.posts <- q:
	case <-ctx.Done():
		c.forget(q.ID)
		return answer, context.Cause(ctx)
	case <-c.done:
		c.forget(q.ID)
		return answer, errEnded
	}
	select {
	case m := <-reply:
		if m.Err != "" {
			return answer, namedError(m.Err)
		}
		return decode[T](m.Answer, "what the session answered")
	case <-ctx.Done():
		c.cancel(q.ID)
		return answer, context.Cause(ctx)
	case <-c.done:
		c.forget(q.ID)
		return answer, errEnded
	}
}

// post writes queries, and says which of them nobody waits for any more, until the
// session has ended. Writing takes long where the session reads nothing, stopped by a
// signal for instance: who asks waits for this goroutine no longer than for an answer.
func (c *Client) post() {
	for {
		select {
		case q := <-c.posts:
			if err := c.conn.Write(kindQuery, encode(q)); err != nil { // a dead session is noticed by its reader
				c.deliver(answered{ID: q.ID, Err: fmt.Sprintf("asking the session: %v", err)})
			}
		case <-c.forgot:
			c.mu.Lock()
			stale := c.stale
			c.stale = nil
			c.mu.Unlock()
			for _, id := range stale {
				_ = c.conn.Write(kindInterrupt, withSerial(id, nil)) // a dead session is noticed by its reader
			}
		case <-c.done:
			return
		}
	}
}

// deliver gives an answer to who asked, if they still wait.
func (c *Client) deliver(m answered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if reply := c.queries[m.ID]; reply != nil {
		reply <- m
		delete(c.queries, m.ID)
	}
}

// forget drops a query.
func (c *Client) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.queries, id)
}

// cancel drops a query that has been given to the session, and has that give it up.
func (c *Client) cancel(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queries[id] == nil {
		return // it has just been answered
	}
	delete(c.queries, id)
	c.stale = append(c.stale, id)
	select {
	case c.forgot <- struct{}{}:
	default:
	}
}
