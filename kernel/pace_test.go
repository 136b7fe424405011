package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// A sink is a socket that takes all and brings nothing.
type sink struct{}

func (sink) Recv() ([][]byte, error) { return nil, errors.New("nothing comes") }
func (sink) Send([][]byte) error     { return nil }
func (sink) Close() error            { return nil }
func (sink) Addr() net.Addr          { return nil }

// A cell that is aborted has no output to hurry: the output of those that come
// after it waits for slow subscribers as ever. The same holds for a cell that has
// ended while its reply waits for them.
func TestAbortedAndEndedCellsHurryNothing(t *testing.T) {
	for name, through := range map[string]uint64{"aborted": 1, "ended": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, err := New(Config{
					Connection: wire.Connection{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: wire.SignatureScheme, Key: "k"},
					Start: func(context.Context, lang.Session) (lang.Session, error) {
						return nil, errors.New("no session is needed")
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				k.sessions.launch(t.Context())
				m, err := wire.NewMessage(wire.ExecuteRequest, "s", nil, map[string]any{"code": "x", "store_history": false})
				if err != nil {
					t.Fatal(err)
				}
				if m.RawHeader, err = json.Marshal(m.Header); err != nil {
					t.Fatal(err)
				}
				s := &shell{queue: newQueue(), abortThrough: through}
				k.execute(t.Context(), &request{Message: m, from: &channel{name: "shell", sock: sink{}}, shell: s, number: 1})
				synctest.Wait()
				if k.pub.hurried != 0 || k.pub.patience.Err() != nil {
					t.Errorf("%d cells are in a hurry, and patience is over: %v", k.pub.hurried, k.pub.patience.Err())
				}
			})
		})
	}
}
