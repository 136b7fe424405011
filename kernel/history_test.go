package kernel_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// asks sends a history_request and compares the answer, a JSON list.
func asks(t *testing.T, f *kerneltest.FrontEnd, request, want string) {
	t.Helper()
	r := f.Reply(f.Send(kerneltest.Shell, wire.HistoryRequest, json.RawMessage(request)))
	if got := string(r.Content); got != fmt.Sprintf(`{"status":"ok","history":%s}`, want) {
		t.Errorf("%s\ngave %s\nwant %s", request, got, want)
	}
}

func TestHistory(t *testing.T) {
	fake := &langtest.Fake{}
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start, History: filepath.Join(t.TempDir(), "history.db")})
	f.Execute("out 1")
	f.Execute("42")
	f.Execute("  ")
	f.Finish(f.Code("out secret", kerneltest.Fields{"silent": true}))
	f.Finish(f.Code("out unseen", kerneltest.Fields{"store_history": false}))
	f.Execute("fail")
	asks(t, f, `{"hist_access_type":"tail","n":9,"raw":true,"output":false}`, `[[1,1,"out 1"],[1,2,"42"],[1,4,"fail"]]`)
	asks(t, f, `{"hist_access_type":"tail","n":2,"raw":true,"output":true}`, `[[1,2,["42","42"]],[1,4,["fail",null]]]`)
	asks(t, f, `{"hist_access_type":"range","session":0,"start":2,"stop":4,"raw":true,"output":false}`, `[[1,2,"42"]]`)
	asks(t, f, `{"hist_access_type":"search","pattern":"*u*","n":null,"unique":true}`, `[[1,1,"out 1"]]`)
	asks(t, f, `{"hist_access_type":"range","session":-1,"start":0,"stop":null}`, `[]`)
	bad := f.Reply(f.Send(kerneltest.Shell, wire.HistoryRequest, map[string]any{"hist_access_type": "all"}))
	if field(bad, "status") != "error" {
		t.Errorf("reply %s", bad.Content)
	}
}

func TestHistoryOfEarlierKernels(t *testing.T) {
	fake := &langtest.Fake{}
	config := kernel.Config{Start: fake.Start, History: filepath.Join(t.TempDir(), "history.db")}
	first := kerneltest.Serve(t, config)
	kerneltest.Connect(t, first.Connection).Execute("out 1")
	first.Stop()
	if err := first.Wait(t); err != nil {
		t.Fatal(err)
	}
	f := kerneltest.Start(t, config)
	f.Execute("out 2")
	asks(t, f, `{"hist_access_type":"tail","n":2,"raw":true,"output":false}`, `[[1,1,"out 1"],[2,1,"out 2"]]`)
	asks(t, f, `{"hist_access_type":"range","session":-1,"start":1,"stop":2}`, `[[1,1,"out 1"]]`)
}
