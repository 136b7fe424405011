//go:build linux

package faults_test

import (
	"fmt"
	"strings"
	"testing"

	mp "cuaderno/mpruntime"
)

func greet(name string, times int) { fmt.Println(name, times) }

func TestFaultWrongArguments(t *testing.T) {
	leavesNothing(t)
	var unset func()
	for name, test := range map[string]struct {
		target any
		args   []any
		want   []string
	}{
		"nil":           {nil, nil, []string{"target is nil", "give a function"}},
		"nil function":  {unset, nil, []string{"nil function"}},
		"no function":   {5, nil, []string{"int is no target", "give a function, or a value with Run()"}},
		"too few":       {greet, []any{"a"}, []string{"wrong number of arguments for", "have 1, want 2"}},
		"too many":      {greet, []any{"a", 1, 2}, []string{"wrong number of arguments for", "have 3, want 2"}},
		"other type":    {greet, []any{"a", "b"}, []string{"argument 2 of", "greet", "string", "int"}},
		"nil for a int": {greet, []any{"a", nil}, []string{"argument 2 of", "greet", "int"}},
		"channel":       {func(chan int) {}, []any{make(chan int)}, []string{"argument 1", "chan int"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mp.NewProcess(test.target, test.args...)
			err := p.Err()
			if name == "channel" {
				err = p.Start() // whose value is copied then
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if p.Start() == nil {
				t.Error("it was started")
			}
		})
	}
	if code := join(t, start(t, greet, "after", 1)); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestFaultTargetThatIsNotInTheProgramOfTheChild(t *testing.T) {
	leavesNothing(t)
	captured := t.Name()
	p := mp.NewProcess(func() { fmt.Println(captured) })
	err := p.Start()
	if err == nil {
		err = p.Err()
		join(t, p)
	}
	if err == nil || !strings.Contains(err.Error(), "captur") {
		t.Errorf("a literal that captures: %v", err)
	}
	if code := join(t, start(t, nothing)); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
