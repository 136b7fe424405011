package wire

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestDecodeExecuteDefaults(t *testing.T) {
	for in, want := range map[string]ExecuteContent{
		`{}`:                                   {StoreHistory: true, StopOnError: true},
		`{"code":"x","colour":1}`:              {Code: "x", StoreHistory: true, StopOnError: true},
		`{"silent":true}`:                      {Silent: true, StopOnError: true},
		`{"silent":true,"store_history":true}`: {Silent: true, StopOnError: true},
		`{"store_history":false,"stop_on_error":false,"allow_stdin":true}`:             {AllowStdin: true},
		`{"silent":null,"store_history":null,"stop_on_error":null,"allow_stdin":null}`: {StoreHistory: true, StopOnError: true},
		`{"user_expressions":{"a":"b"}}`:                                               {StoreHistory: true, StopOnError: true, UserExpressions: map[string]string{"a": "b"}},
	} {
		got, err := DecodeExecute([]byte(in))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v; want %+v", in, got, err, want)
		}
	}
	if _, err := DecodeExecute([]byte(`{"code":1}`)); err == nil {
		t.Error("code that is a number was accepted")
	}
}

// FuzzRequests reads the content of requests as the kernel does once Decode has
// let them through.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		`{"code":"1+1","silent":false,"store_history":true,"user_expressions":{"a":"b"},"allow_stdin":true,"stop_on_error":true}`,
		`{"code":"fmt.","cursor_pos":4,"detail_level":1}`,
		`{"hist_access_type":"range","session":-1,"start":0,"stop":10,"output":true,"raw":true}`,
		`{"hist_access_type":"search","pattern":"*","n":3,"unique":true}`,
		`{"comm_id":"c","target_name":"jupyter.widget","data":{"state":{}}}`,
		`{"subshell_id":"s","restart":false,"value":"line"}`,
		`{"code":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if e, err := DecodeExecute(raw); err == nil && (e.Silent && e.StoreHistory || !json.Valid(raw)) {
			t.Errorf("%q is read as %+v", raw, e)
		}
		if h, err := DecodeHistory(raw); err == nil && !json.Valid(raw) {
			t.Errorf("%q is read as %+v", raw, h)
		}
		for _, content := range []any{
			&CodeContent{}, &ShutdownContent{}, &InputReplyContent{}, &CommContent{}, &CommInfoContent{}, &SubshellContent{}, &Header{},
		} {
			if err := json.Unmarshal(raw, content); err != nil {
				continue
			}
			if _, err := json.Marshal(content); err != nil {
				t.Errorf("%q is read as %+v, which cannot be written: %v", raw, content, err)
			}
		}
	})
}
