package wire

import (
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
