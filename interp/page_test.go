package interp_test

import (
	"fmt"
	"strings"
	"testing"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

func TestAQuestionShowsAPage(t *testing.T) {
	session := newSession(t)
	for count, test := range []struct{ code, page, stdout string }{
		{"// double doubles.\nfunc double(x int) int { return 2 * x }", "", ""},
		{"double?", "double doubles.", ""},
		{" strings.HasPrefix?? ", "reports whether the string s begins with prefix", ""},
		{"double ?", "double doubles.", ""},
		{"??strings.HasPrefix", "reports whether the string s begins with prefix", ""},
		{"%restore?", "brings back", ""},
		{"nothing?", "", "Nothing is known of nothing"},
	} {
		var out recorder
		outcome := session.Execute(t.Context(), lang.Cell{Count: count + 1, Code: test.code}, &out)
		if outcome.Err != nil {
			t.Errorf("%q failed: %v", test.code, outcome.Err)
		}
		page := ""
		if outcome.Page != nil {
			page = fmt.Sprint(outcome.Page.Data[display.MIMEPlain])
		}
		if !strings.Contains(page, test.page) || (test.page == "") != (page == "") || !strings.HasPrefix(out.text(false), test.stdout) {
			t.Errorf("%q shows the page %q and prints %q", test.code, page, out.text(false))
		}
	}
	if c, err := session.IsComplete(t.Context(), "double?"); c.Status != "complete" || err != nil {
		t.Errorf("a question is %q, %v", c.Status, err)
	}
}

func TestPasswordIsAskedFor(t *testing.T) {
	session := newSession(t)
	out := recorder{lines: []string{"secret"}}
	outcome := session.Execute(t.Context(), lang.Cell{Count: 1, Code: `s, err := display.Password("key: "); fmt.Println(len(s), err)`}, &out)
	if outcome.Err != nil || out.text(false) != "6 <nil>\n" {
		t.Errorf("printed %q, failed with %v", out.text(false), outcome.Err)
	}
	outcome = session.Execute(t.Context(), lang.Cell{Count: 2, Code: `display.Password("key: ")`}, &out)
	if outcome.Err == nil || !strings.Contains(outcome.Err.Value, "no input") {
		t.Errorf("where nobody can answer: %v", outcome.Err)
	}
}
