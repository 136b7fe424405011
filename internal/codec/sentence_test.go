package codec_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"cuaderno/internal/codec"
)

func TestSentences(t *testing.T) {
	closed := errors.New("mp: the object is closed")
	for _, test := range []struct {
		err  error
		want string
	}{
		{codec.Errorf("mp: joining %s: %w", "P", closed), "mp: joining P: the object is closed"},
		{codec.Errorf("mp: a: %w", fmt.Errorf("b: %w", closed)), "mp: a: b: the object is closed"},
		{codec.Errorf("%w: really", closed), "mp: the object is closed: really"},
		{codec.Errorf("mp: %s", reflect.TypeFor[map[string][]any]()), "mp: map[string][]any"},
		{codec.Errorf("mp: %s", reflect.TypeFor[*codec.Domain]()), "mp: *codec.Domain"},
	} {
		if test.err.Error() != test.want {
			t.Errorf("%q, want %q", test.err, test.want)
		}
	}
	if err := codec.Errorf("mp: a: %w", closed); !errors.Is(err, closed) {
		t.Error("the wrapped error cannot be told")
	}
}
