package codec_test

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cuaderno/internal/codec"
)

func TestLimits(t *testing.T) {
	numbers := map[int]int{}
	for i := range 1000 {
		numbers[i] = i
	}
	for name, v := range map[string]any{
		"a block":     make([]int, 1000),
		"a text":      strings.Repeat("x", 1000),
		"texts":       []string{strings.Repeat("x", 600), strings.Repeat("x", 600)},
		"a map":       numbers,
		"many values": [][]any{{1, 2.5}, make([]any, 1000)},
	} {
		e := codec.NewEncoder(nil)
		e.Limit(100, time.Now().Add(time.Hour))
		if err := e.Encode(reflect.ValueOf(v), name); !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(e.Message().Bytes); n > 200 {
			t.Errorf("%s: %d bytes were made", name, n)
		}
	}
	e := codec.NewEncoder(nil)
	e.Limit(1<<20, time.Now())
	if err := e.Encode(reflect.ValueOf(numbers), "numbers"); !errors.Is(err, codec.ErrTooLong) {
		t.Errorf("without time: %v", err)
	}
	e.Reset()
	if err := e.Encode(reflect.ValueOf(numbers), "numbers"); err != nil {
		t.Errorf("after Reset: %v", err)
	}
}

func TestImages(t *testing.T) {
	domain := &codec.Domain{Images: map[reflect.Type]codec.Image{
		reflect.TypeFor[atomic.Int64](): func([]byte) string { return "" },
		reflect.TypeFor[sync.Mutex](): func(memory []byte) string {
			for _, b := range memory {
				if b != 0 {
					return "locked"
				}
			}
			return ""
		},
	}}
	type counter struct {
		N  *atomic.Int64
		Mu *sync.Mutex
	}
	c := counter{new(atomic.Int64), new(sync.Mutex)}
	c.N.Store(1 << 40)
	m, err := codec.Encode(reflect.ValueOf(c), "c", domain)
	if err != nil {
		t.Fatal(err)
	}
	v, err := codec.Decode(m, reflect.TypeFor[counter](), domain)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Interface().(counter); got.N.Load() != 1<<40 || !got.Mu.TryLock() {
		t.Errorf("%d came", got.N.Load())
	}
	c.Mu.Lock()
	_, err = codec.Encode(reflect.ValueOf(c), "c", domain)
	var refusal *codec.NotCopyableError
	if !errors.As(err, &refusal) || refusal.Path != "c.Mu" || refusal.Why != "locked" {
		t.Errorf("a locked mutex: %v", err)
	}
}

func TestReferences(t *testing.T) {
	type node struct {
		Next *node
		Text []string
	}
	n := &node{Text: make([]string, 3)}
	n.Next = n
	e := codec.NewEncoder(nil)
	if err := e.Encode(reflect.ValueOf(n), "n"); err != nil {
		t.Fatal(err)
	}
	sizes := map[uintptr]uintptr{}
	for at, size := range e.References {
		sizes[at] = size
	}
	if len(sizes) != 2 || sizes[reflect.ValueOf(n).Pointer()] != reflect.TypeFor[node]().Size() || sizes[reflect.ValueOf(n.Text).Pointer()] != 3*reflect.TypeFor[string]().Size() {
		t.Errorf("%v", sizes)
	}
}
