//go:build unix

package mpruntime_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	mp "cuaderno/mpruntime"
)

// smallLimit is that of the messages in these tests; it has room for boot messages.
const smallLimit = 64 << 10

func limitMessages(n int) { mp.LimitMessages(n) }

// limitManager is a constructor that sets the limit of a manager's server.
func limitManager(n int) *counter { mp.LimitMessages(n); return &counter{} }

func use([]byte) {}

func block(n int) []byte { return bytes.Repeat([]byte("x"), n) }

func TestTooLargeForAPool(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 1, ChunkSize: 4, Initializer: limitMessages, InitArgs: []any{smallLimit}})
	blocks, err := mp.Map(p, block, []int{smallLimit / 3, 1, smallLimit / 2, smallLimit / 4, smallLimit / 2})
	if err != nil || len(blocks) != 5 {
		t.Fatalf("a chunk whose results are too large together: %d, %v", len(blocks), err)
	}
	for i, n := range []int{smallLimit / 3, 1, smallLimit / 2, smallLimit / 4, smallLimit / 2} {
		if len(blocks[i]) != n {
			t.Errorf("result %d has %d bytes, want %d", i, len(blocks[i]), n)
		}
	}
	_, err = mp.Map(p, block, []int{1, 2, 2 * smallLimit, 3})
	var task *mp.TaskError
	if !errors.As(err, &task) || task.Index != 2 || !strings.Contains(task.Text, "the message is larger than 1 GiB: it has 131") {
		t.Errorf("a result that is too large: %v", err)
	}
	limitMessages(smallLimit)
	_, err = p.Apply(bytes.ToUpper, block(2*smallLimit))
	limitMessages(0)
	if err == nil || !strings.Contains(err.Error(), "the message is larger than 1 GiB: it has 131") {
		t.Errorf("an argument that is too large: %v", err)
	}
	if got, err := mp.Map(p, square, upTo(3)); fmt.Sprint(got, err) != "[0 1 4] <nil>" {
		t.Errorf("then: %v, %v", got, err)
	}
}

func TestTooLargeForAManager(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	d, l := m.Dict(), m.List()
	limitMessages(smallLimit)
	err := d.Set("big", block(2*smallLimit))
	limitMessages(0)
	if err == nil || !strings.Contains(err.Error(), "the message is larger than 1 GiB: it has 131") {
		t.Errorf("Set: %v", err)
	}
	must(t, m.Register("Limit", limitManager), l.Append(block(2*smallLimit)), l.Append(7))
	must(t, m.New("Limit", smallLimit).Err())
	if _, err := l.Pop(0); err == nil || !strings.Contains(err.Error(), "the message is larger than 1 GiB: it has 131") {
		t.Errorf("an answer that is too large: %v", err)
	}
	if v, err := l.Pop(); v != 7 || err != nil {
		t.Errorf("then: %v, %v", v, err)
	}
}

func TestTooLargeForAProcess(t *testing.T) {
	inCell(t, t.Context())
	p := mp.NewProcess(use, block(2*smallLimit))
	limitMessages(smallLimit)
	err := p.Start()
	limitMessages(0)
	if err == nil || !strings.Contains(err.Error(), "the arguments are larger than 1 GiB") {
		t.Errorf("Start: %v", err)
	}
	if err := p.Start(); err != nil {
		t.Errorf("then: %v", err)
	}
	join(t, p)
}
