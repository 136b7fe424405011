package remote

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"cuaderno/internal/frame"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// A verbose session says more than a message of its connection can hold, each time
// that it says something.
type verbose struct{ lang.Session }

var long = strings.Repeat("x", 4<<10)

func (verbose) Execute(_ context.Context, _ lang.Cell, out lang.Output) lang.Outcome {
	b := display.Bundle{Data: map[string]any{"text/plain": long}}
	out.Display(b, "")
	out.Comm(lang.CommMessage{Kind: lang.CommMsg, ID: "c", Buffers: [][]byte{[]byte(long)}})
	if _, err := out.ReadLine(context.Background(), long, false); !errors.Is(err, frame.ErrTooLong) {
		return lang.Outcome{Err: &lang.Error{Name: "ReadLine"}}
	}
	return lang.Outcome{Result: &b}
}

func (verbose) Comm(context.Context, lang.CommMessage, lang.Output) error {
	return &lang.Error{Name: "long", Value: long}
}

func (verbose) Complete(context.Context, string, int) (lang.Completion, error) {
	return lang.Completion{Matches: []lang.Match{{Text: long}}}, nil
}

func (verbose) Close() error { return nil }

func TestWhatIsTooLongForAMessageIsTold(t *testing.T) {
	ours, theirs := net.Pipe()
	s := newServer(theirs, verbose{})
	served := make(chan error, 1)
	go func() { served <- s.run(t.Context(), 1<<10) }()
	conn := frame.New(ours)
	if err := conn.Greet(frame.BuildID()); err != nil {
		t.Fatal(err)
	}
	write := func(kind byte, payload []byte) {
		t.Helper()
		if err := conn.Write(kind, payload); err != nil {
			t.Fatal(err)
		}
	}
	var told strings.Builder
	// read returns the next message that is no text.
	read := func(want byte, m any) {
		t.Helper()
		for {
			kind, payload, err := conn.Read()
			switch {
			case err != nil:
				t.Fatal(err)
			case kind == kindStderr:
				told.Write(payload[8:])
			case kind == kindSilent:
			case kind != want:
				t.Fatalf("a message of kind %d, want %d", kind, want)
			default:
				if err := json.Unmarshal(payload, m); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	var end outcome
	write(kindExecute, encode(execute{1, lang.Cell{}}))
	read(kindOutcome, &end)
	if e := end.Outcome.Err; end.Serial != 1 || e == nil || e.Name != lang.OutputLimit {
		t.Errorf("the outcome of the cell is %+v, want %s", end.Outcome, lang.OutputLimit)
	}
	for _, what := range []string{"A display", "A message of a comm"} {
		if !strings.Contains(told.String(), what+" was left out") {
			t.Errorf("%s vanished without a word; the cell said %q", what, told.String())
		}
	}
	var closed taken
	write(kindComm, encodeComm(comm{2, lang.CommMessage{}}))
	read(kindTaken, &closed)
	if closed.Serial != 2 || closed.Err == nil || closed.Err.Name != lang.OutputLimit {
		t.Errorf("the comm message ended with %+v", closed)
	}
	var reply answered
	write(kindQuery, encode(query{ID: 3, Subject: completion}))
	read(kindAnswered, &reply)
	if reply.ID != 3 || !strings.Contains(reply.Err, "too large") {
		t.Errorf("the query was answered with %+v", reply)
	}
	write(kindClose, nil)
	if err := <-served; err != nil {
		t.Error(err)
	}
}
