package mpruntime

import (
	"reflect"

	"cuaderno/internal/codec"
)

// NewDomain returns what messages between processes know beside the structure of
// values. symbols may be nil.
func NewDomain(symbols codec.Symbols) *codec.Domain {
	return &codec.Domain{
		Symbols: symbols,
		Handles: handles{},
		Types:   handleTypes(),
		Errors: []codec.NamedError{
			{Name: "mp.ErrClosed", Err: ErrClosed},
			{Name: "mp.ErrBrokenPipe", Err: ErrBrokenPipe},
			{Name: "mp.ErrEmpty", Err: ErrEmpty},
			{Name: "mp.ErrFull", Err: ErrFull},
			{Name: "mp.ErrDaemonChild", Err: ErrDaemonChild},
			{Name: "mp.ErrNotCopyable", Err: ErrNotCopyable},
			{Name: "mp.ErrWorkerDied", Err: ErrWorkerDied},
			{Name: "mp.ErrAuth", Err: ErrAuth},
			{Name: "mp.ErrManagerGone", Err: ErrManagerGone},
			{Name: "mp.ErrTimeout", Err: ErrTimeout},
			{Name: "mp.ErrOwnerDied", Err: ErrOwnerDied},
			{Name: "mp.ErrBrokenBarrier", Err: ErrBrokenBarrier},
		},
	}
}

// domain returns that of the current process, also where there is no host.
func (r *record) domain() *codec.Domain {
	if i := r.host.Load(); i != nil {
		return i.domain
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plain == nil {
		r.plain = NewDomain(nil)
	}
	return r.plain
}

// encodeMessage makes a message of one value of any type. path is what it is called
// in errors.
func encodeMessage(v any, path string) (codec.Message, error) {
	return encodeWith(here.domain(), v, path)
}

func encodeWith(domain *codec.Domain, v any, path string) (codec.Message, error) {
	return codec.Encode(reflect.ValueOf(&v).Elem(), path, domain)
}

// encodeBriefly is encodeWith for a message that is sent at once, before the
// Encoder that holds it is released.
func encodeBriefly(domain *codec.Domain, v any, path string) (*codec.Encoder, error) {
	return codec.EncodeBriefly(reflect.ValueOf(&v).Elem(), path, domain)
}

// decodeMessage returns the value of a message of encodeMessage.
func decodeMessage(m codec.Message) (any, error) { return decodeWith(here.domain(), m) }

func decodeWith(domain *codec.Domain, m codec.Message) (v any, err error) {
	err = codec.DecodeInto(m, reflect.ValueOf(&v).Elem(), domain)
	return v, err
}

// decodeKeeping is decodeWith for a message whose bytes never change again, and
// reports whether the value keeps a part of them.
func decodeKeeping(domain *codec.Domain, m codec.Message) (v any, kept bool, err error) {
	kept, err = codec.DecodeKeeping(m, reflect.ValueOf(&v).Elem(), domain)
	return v, kept, err
}
