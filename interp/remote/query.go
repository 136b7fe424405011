package remote

import (
	"context"
	"encoding/json"
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
	defer c.forget(q.ID)
	if err := c.conn.Write(kindQuery, encode(q)); err != nil {
		return answer, fmt.Errorf("asking the session: %w", err)
	}
	select {
	case m := <-reply:
		if m.Err != "" {
			return answer, namedError(m.Err)
		}
		if err := json.Unmarshal(m.Answer, &answer); err != nil {
			return answer, fmt.Errorf("reading what the session answered: %w", err)
		}
		return answer, nil
	case <-ctx.Done():
		return answer, context.Cause(ctx)
	case <-c.done:
		return answer, errEnded
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

func (c *Client) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.queries, id)
}
