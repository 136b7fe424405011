package nbformat_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"cuaderno/internal/nbformat"
)

type fields = map[string]any

// recorded executes a notebook of two code cells by script and returns their
// outputs as they stand in the file.
func recorded(t *testing.T, script func(a, b *nbformat.Outputs)) (a, b []fields) {
	t.Helper()
	cell := `{"cell_type": "code", "source": "x", "metadata": {}, "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}]}`
	notebook, err := nbformat.Parse([]byte(`{"nbformat": 4, "metadata": {}, "cells": [` + cell + `,` + cell + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	recorder := nbformat.NewRecorder()
	script(recorder.Begin(notebook.Cells[0], 1), recorder.Begin(notebook.Cells[1], 2))
	recorder.Store()
	var file struct {
		Cells []struct {
			Count   int      `json:"execution_count"`
			Outputs []fields `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(notebook.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	if file.Cells[0].Count != 1 || file.Cells[1].Count != 2 {
		t.Errorf("execution counts %d and %d", file.Cells[0].Count, file.Cells[1].Count)
	}
	return file.Cells[0].Outputs, file.Cells[1].Outputs
}

func text(s string) fields { return fields{"text/plain": s} }

func stream(name string, lines ...any) fields {
	return fields{"output_type": "stream", "name": name, "text": lines}
}

func shown(s string) fields {
	return fields{"output_type": "display_data", "data": fields{"text/plain": []any{s}}, "metadata": fields{}}
}

func TestOutputsFollowNbclient(t *testing.T) {
	tests := []struct {
		name   string
		script func(a, b *nbformat.Outputs)
		a, b   []fields
	}{
		{"nothing replaces what was there", func(_, _ *nbformat.Outputs) {}, []fields{}, []fields{}},
		{"consecutive text of a stream joins", func(a, _ *nbformat.Outputs) {
			a.Stream("stdout", []byte("a\nb"))
			a.Stream("stdout", []byte("c\n"))
			a.Stream("stderr", nil)
			a.Stream("stderr", []byte("e"))
			a.Stream("stdout", []byte("d"))
		}, []fields{stream("stdout", "a\n", "bc\n"), stream("stderr", "e"), stream("stdout", "d")}, []fields{}},
		{"a rune may come in pieces", func(a, _ *nbformat.Outputs) {
			a.Stream("stdout", []byte("\xc3"))
			a.Stream("stdout", []byte("\xb1\xff"))
		}, []fields{stream("stdout", "ñ\uFFFD")}, []fields{}},
		{"an update reaches every cell", func(a, b *nbformat.Outputs) {
			a.Display(text("1"), nil, "x")
			a.Display(text("other"), nil, "y")
			a.Display(text("none"), nil, "")
			b.Display(text("2"), nil, "x")
			b.Update(text("3"), nil, "x")
			b.Update(text("lost"), nil, "z")
			b.Update(text("lost"), nil, "")
		}, []fields{shown("3"), shown("other"), shown("none")}, []fields{shown("3")}},
		{"a display replaces those of its id", func(a, b *nbformat.Outputs) {
			a.Display(text("1"), nil, "x")
			b.Display(text("2"), nil, "x")
		}, []fields{shown("2")}, []fields{shown("2")}},
		{"clear", func(a, b *nbformat.Outputs) {
			a.Stream("stdout", []byte("gone"))
			a.Display(text("gone"), nil, "x")
			b.Display(text("1"), nil, "x")
			a.Clear(false)
			b.Update(text("2"), nil, "x")
		}, []fields{}, []fields{shown("2")}},
		{"clear waits for the next output", func(a, b *nbformat.Outputs) {
			a.Display(text("1"), nil, "x")
			a.Clear(true)
			a.Update(text("2"), nil, "x")
			b.Stream("stdout", []byte("gone"))
			b.Clear(true)
			b.Stream("stdout", []byte("kept"))
			b.Stream("stdout", []byte("!"))
		}, []fields{shown("2")}, []fields{stream("stdout", "kept!")}},
		{"results and errors", func(a, b *nbformat.Outputs) {
			a.Result(1, text("v"), fields{"text/plain": fields{"k": 1}})
			b.Error("Panic", "boom", []string{"panic: boom", "\x1b[36mIn [2]:1\x1b[0m"})
			b.Error("Panic", "", nil)
		}, []fields{{
			"output_type": "execute_result", "execution_count": 1.0,
			"data": fields{"text/plain": []any{"v"}}, "metadata": fields{"text/plain": fields{"k": 1.0}},
		}}, []fields{
			{"output_type": "error", "ename": "Panic", "evalue": "boom", "traceback": []any{"panic: boom", "\x1b[36mIn [2]:1\x1b[0m"}},
			{"output_type": "error", "ename": "Panic", "evalue": "", "traceback": []any{}},
		}},
		{"what JSON has no word for is told", func(a, _ *nbformat.Outputs) {
			a.Display(fields{"text/plain": "v", "application/json": func() {}}, nil, "")
		}, []fields{{
			"output_type": "display_data", "metadata": fields{},
			"data": fields{"text/plain": []any{"v"}, "application/json": "cannot be stored: json: unsupported type: func()"},
		}}, []fields{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := recorded(t, test.script)
			if !reflect.DeepEqual(a, test.a) {
				t.Errorf("first cell\ngot  %v\nwant %v", a, test.a)
			}
			if !reflect.DeepEqual(b, test.b) {
				t.Errorf("second cell\ngot  %v\nwant %v", b, test.b)
			}
		})
	}
}

func TestOutputsOfManyGoroutines(t *testing.T) {
	const writers, lines = 8, 200
	a, b := recorded(t, func(a, b *nbformat.Outputs) {
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range lines {
					a.Stream("stdout", fmt.Appendf(nil, "%d %d\n", w, i))
					b.Display(text("1"), nil, fmt.Sprint(w))
				}
			})
		}
		wg.Wait()
	})
	if len(a) != 1 || len(b) != writers*lines {
		t.Fatalf("%d and %d outputs", len(a), len(b))
	}
	if got := len(a[0]["text"].([]any)); got != writers*lines {
		t.Errorf("%d lines, want %d", got, writers*lines)
	}
	for _, line := range a[0]["text"].([]any) {
		if strings.Count(line.(string), " ") != 1 {
			t.Errorf("torn line %q", line)
		}
	}
}
