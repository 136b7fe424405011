package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"cuaderno/internal/codec"
)

// textLimit is how long String waits for a manager.
const textLimit = 5 * time.Second

// String says what the object is and which one, without asking the manager.
func (r *remote) String() string { return r.describe("") }

// describe is String with something more.
func (r *remote) describe(more string) string {
	if r == nil || r.kind == "" {
		return "<Proxy not made>"
	}
	name := strings.TrimPrefix(typeName(newProxy(r.kind, remote{})), "*mp.")
	if name == "Proxy" {
		name += " " + r.kind
	}
	if r.err != nil {
		return fmt.Sprintf("<%s failed: %s>", name, strings.TrimPrefix(r.err.Error(), "mp: "))
	}
	return fmt.Sprintf("<%s object=%d%s>", name, r.number, more)
}

// text shows what a method returns, and proxies in it shortly: they are asked
// nothing, and an object may be part of itself. A manager that does not answer is
// no reason to fail.
func (r *remote) text(method string, show func(v any) string, args ...any) string {
	if r.Err() != nil || r.brief {
		return r.String()
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), textLimit, ErrTimeout)
	defer cancel()
	results, err := r.client.exchange(ctx, here.briefDomain(r.client.domain()), r.number, method, args...)
	if err != nil || len(results) == 0 {
		return r.describe(errorf(" failed: %w", err).Error())
	}
	return show(results[0])
}

// plainText is what fmt shows of a value.
func plainText(v any) string { return fmt.Sprint(v) }

// pairsText shows the entries of a dict.
func pairsText(begin, format, separator, end string) func(v any) string {
	return func(v any) string {
		items, _ := v.([][2]any)
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = fmt.Sprintf(format, item[0], item[1])
		}
		return begin + strings.Join(texts, separator) + end
	}
}

// briefHandles are handles of which the proxies show themselves shortly.
type briefHandles struct{ codec.Handles }

func (h briefHandles) DecodeHandle(d *codec.Decoder, v reflect.Value) error {
	err := h.Handles.DecodeHandle(d, v)
	if p, ok := v.Interface().(ManagedObject); ok && err == nil {
		p.proxied().brief = true
	}
	return err
}

// briefDomain is a domain with briefHandles.
func (r *record) briefDomain(d *codec.Domain) *codec.Domain {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.brief[d] == nil {
		if r.brief == nil {
			r.brief = map[*codec.Domain]*codec.Domain{}
		}
		r.brief[d] = &codec.Domain{Symbols: d.Symbols, Handles: briefHandles{d.Handles}, Errors: d.Errors, Types: d.Types, Own: d.Own}
	}
	return r.brief[d]
}
