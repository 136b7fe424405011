package check

import "context"

// A turn is a mutex that can be waited for with a context.
type turn chan struct{}

// take is Lock until ctx ends; the error is its cause then.
func (t turn) take(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) Lock()   { t <- struct{}{} }
func (t turn) Unlock() { <-t }
