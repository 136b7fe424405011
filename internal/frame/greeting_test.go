package frame_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"cuaderno/internal/frame"
)

func greet(t *testing.T, ours, theirs string) (error, error) {
	t.Helper()
	a, b := pair(t)
	other := make(chan error, 1)
	go func() { other <- b.Greet(theirs) }()
	err := a.Greet(ours)
	return err, <-other
}

func TestGreetSameBuild(t *testing.T) {
	for _, theirs := range []string{frame.BuildID(), "go1.26.8 linux/amd64 devel"} {
		ours := theirs
		if a, b := greet(t, ours, theirs); a != nil || b != nil {
			t.Errorf("%q: %v, %v", theirs, a, b)
		}
	}
	if a, b := greet(t, "go1.26.8 linux/amd64 devel", "go1.26.8 linux/amd64 v0.2.0"); a != nil || b != nil {
		t.Errorf("a test binary beside a real program: %v, %v", a, b)
	}
}

func TestGreetRefusesOtherBuild(t *testing.T) {
	for _, pair := range [][2]string{
		{"go1.26.8 linux/amd64 v0.1.0", "go1.26.8 linux/amd64 v0.2.0"},
		{"go1.26.8 linux/amd64 devel", "go1.26.7 linux/amd64 v0.2.0"},
		{"go1.26.8 linux/amd64 devel", "go1.26.7 linux/amd64 devel"},
	} {
		a, b := greet(t, pair[0], pair[1])
		for i, err := range []error{a, b} {
			var refused *frame.RefusedError
			if !errors.As(err, &refused) || refused.Ours != pair[i] || refused.Theirs != pair[1-i] {
				t.Fatalf("end %d: %v", i, err)
			}
			if !strings.Contains(err.Error(), pair[0]) || !strings.Contains(err.Error(), pair[1]) {
				t.Errorf("the sentence does not name both builds: %v", err)
			}
		}
	}
}

func TestGreetRefusesStranger(t *testing.T) {
	for _, said := range []string{
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"\x00\x00\x00\x02\x00ab",
		"\x00\x00\x00\x08\x05cuad\x00\x01aa",
	} {
		err := frame.New(stream{bytes.NewReader([]byte(said))}).Greet("b")
		var refused *frame.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v", said, err)
		}
	}
	err := frame.New(stream{strings.NewReader("\x00\x00\x00\x07\x00cuad\x00\x63b")}).Greet("b")
	if err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("another version: %v", err)
	}
	err = frame.New(stream{strings.NewReader("")}).Greet("b")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an end that closes: %v", err)
	}
}

func TestBuildIDIsStable(t *testing.T) {
	if id := frame.BuildID(); id == "" || id != frame.BuildID() {
		t.Fatalf("build id %q", id)
	}
}
