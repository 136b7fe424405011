package kernel

import (
	"context"
	"testing"
)

func TestNoQuestionAfterTheCell(t *testing.T) {
	cell, end := context.WithCancel(t.Context())
	of, a, sent := &asksFor{cell: cell, end: end}, newAsker(), 0
	send := func() { sent++ }
	if !a.put(of, &prompt{}, send) || sent != 1 {
		t.Error("a question of a cell that runs was not sent")
	}
	a.end(of)
	if a.put(of, &prompt{}, send) || sent != 1 {
		t.Error("a question was sent after the end of its cell")
	}
}
