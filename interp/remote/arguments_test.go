package remote

import (
	"slices"
	"strings"
	"testing"
)

func TestArgumentsAreReadAsTheyAreWritten(t *testing.T) {
	notebook := []string{"--memory=7", "--engine=mine"}
	for _, want := range []Arguments{{}, {Engine: "yaegi"}, {Engine: "auto", Memory: 1 << 40, Processes: 3}} {
		got, rest, err := CutArguments(append(want.List(), notebook...))
		if err != nil || got != want || !slices.Equal(rest, notebook) {
			t.Errorf("%+v was read as %+v with the rest %q: %v", want, got, rest, err)
		}
	}
	if got, rest, err := CutArguments(nil); err != nil || got != (Arguments{}) || len(rest) > 0 {
		t.Errorf("nothing was read as %+v with the rest %q: %v", got, rest, err)
	}
	for _, bad := range []string{"--memory=2G", "--processes=many"} {
		if _, _, err := CutArguments([]string{bad}); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
