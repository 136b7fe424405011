package assist_test

import (
	"fmt"
	"strings"
	"testing"

	"cuaderno/interp/display"
)

// The cells that the tables below speak of.
var commented = []string{
	`// An Account holds money.
//
// It is not safe for concurrent use.
type Account struct {
	// Owner is whom the money belongs to.
	Owner   string
	balance int // in cents
}

// Deposit adds money.
func (a *Account) Deposit(amount int) {
	a.balance += amount
}

// Largest returns the account with most money.
func Largest(accounts []Account) (best Account, ok bool) {
	for _, a := range accounts {
		if a.balance > best.balance {
			best, ok = a, true
		}
	}
	return best, ok
}`,
	`// rate is paid yearly.
rate := 3.5
mine := Account{Owner: "me"} // the author's
const days = 365
other := 1`,
	`// Deposit adds money, and says so.
func (a *Account) Deposit(amount int) { a.balance += amount; fmt.Println(amount) }`,
}

// TestInspect asks at the bar. Each of want must be in the text, the first at its
// start; none means that nothing is known.
func TestInspect(t *testing.T) {
	n := newNotebook(t, commented...)
	for _, tt := range []struct {
		code string
		want []string
	}{
		// the standard library
		{"strings.HasPre|fix(a, b)", []string{"func strings.HasPrefix(s string, prefix string) bool", "reports whether the string s begins with prefix"}},
		{"strings.HasPrefix(|", []string{"func strings.HasPrefix("}},
		{"strings.HasPrefix(\"a|\", x)", []string{"func strings.HasPrefix("}},
		{"strings.HasPrefix(x, |)", []string{"func strings.HasPrefix("}},
		{"fmt.Println(len(|", []string{"func len(v Type) int", "length of v"}},
		{"fmt.Println(len(mine), |", []string{"func fmt.Println("}},
		{"str|ings.ToUpper", []string{"package strings // import \"strings\"", "simple functions to manipulate UTF-8"}},
		{"strings.|", []string{"package strings"}},
		{"var b strings.Build|er", []string{"type strings.Builder struct {", "not exported", "func (b *strings.Builder) WriteString(s string) (int, error)", "efficiently build a string"}},
		{"var b strings.Builder\nb.Write|String(\"\")", []string{"func (b *strings.Builder) WriteString(", "appends the contents of s"}},
		{"http.Client{Time|out: 3}", []string{"field http.Client.Timeout time.Duration", "specifies a time limit"}},
		{"http.DefaultClient.Time|out", []string{"field http.Client.Timeout time.Duration", "specifies a time limit"}},
		{"var r io.Reader\nr.Re|ad", []string{"func (io.Reader) Read(p []byte) (n int, err error)"}},
		{"time.Sec|ond", []string{"const time.Second time.Duration = 1000000000"}},
		{"io.E|OF", []string{"var io.EOF error", "no more input is available"}},
		{"slices.So|rt(x)", []string{"func slices.Sort[S ~[]E, E cmp.Ordered](x S)", "sorts a slice"}},
		{"import \"net/ht|tp\"", []string{"package http // import \"net/http\"", "HTTP client and server"}},
		{"var e err|or", []string{"type error interface {\n\tError() string\n}", "built-in interface type"}},
		{"var i in|t", []string{"type int", "signed integer type"}},
		{"mp.NewProc|ess", []string{"func mp.NewProcess("}},
		{"display.HT|ML", []string{"func display.HTML("}},

		// the notebook's own
		{"Larg|est", []string{"func Largest(accounts []Account) (best Account, ok bool)", "Declared in In [1].", "Largest returns the account with most money."}},
		{"Largest(|", []string{"func Largest("}},
		{"var a Acc|ount", []string{"type Account struct {\n\t// Owner is whom", "func (a *Account) Deposit(amount int)", "Declared in In [1].", "An Account holds money.\n\nIt is not safe"}},
		{"mi|ne", []string{"var mine Account", "Declared in In [2].", "the author's"}},
		{"ra|te", []string{"var rate float64", "rate is paid yearly."}},
		{"day|s", []string{"const days = 365", "In [2]"}},
		{"oth|er", []string{"var other int\n\nDeclared in In [2]."}},
		{"mine.Dep|osit(1)", []string{"func (a *Account) Deposit(amount int)", "In [3]", "and says so."}},
		{"mine.Ow|ner", []string{"field Account.Owner string", "whom the money belongs to"}},
		{"mine.bal|ance", []string{"field Account.balance int", "in cents"}},
		{"Account{Ow|ner: \"\"}", []string{"field Account.Owner string"}},
		{"// uno is one.\nuno := 1\nfmt.Println(un|o)", []string{"var uno int", "uno is one."}},
		{"// f does it.\nfunc f(n int) {}\n\nf(|", []string{"func f(n int)", "f does it."}},
		{"func f(par|am int) {}", []string{"var param int"}},
		{"// Largest is another.\nfunc Lar|gest(accounts []Account) (Account, bool) { return accounts[0], true }", []string{"func Largest(", "Largest is another."}},
		{"%eng|ine", []string{"%engine [auto|compiled|yaegi|why]"}},

		// nothing
		{"|", nil},
		{"nothing|", nil},
		{"// strings.HasPre|fix", nil},
		{"x := 1 +| 2", nil},
		{"for| {}", nil},
	} {
		code, cursor := at(tt.code)
		in, err := n.Inspect(t.Context(), code, cursor, 0)
		if err != nil {
			t.Fatalf("%q: %v", tt.code, err)
		}
		if in.Bundle == nil {
			if tt.want != nil {
				t.Errorf("%q is not known", tt.code)
			}
			continue
		}
		text := fmt.Sprint(in.Bundle.Data[display.MIMEPlain])
		if tt.want == nil {
			t.Errorf("%q is\n%s", tt.code, text)
		}
		for i, want := range tt.want {
			if i == 0 && !strings.HasPrefix(text, want) || !strings.Contains(text, want) {
				t.Errorf("%q does not say %q, but\n%s", tt.code, want, text)
			}
		}
	}
}

func TestInspectDetail(t *testing.T) {
	n := newNotebook(t, commented...)
	ask := func(code string, detail int) display.Bundle {
		code, cursor := at(code)
		in, err := n.Inspect(t.Context(), code, cursor, detail)
		if err != nil || in.Bundle == nil {
			t.Fatalf("%q: %v, %v", code, in.Bundle, err)
		}
		return *in.Bundle
	}
	if text := ask("Larg|est", 1).Data[display.MIMEPlain].(string); !strings.Contains(text, "for _, a := range accounts {") {
		t.Errorf("the source of the function is missing:\n%s", text)
	}
	brief, full := ask("f|mt.Println", 0).Data[display.MIMEPlain].(string), ask("f|mt.Println", 1).Data[display.MIMEPlain].(string)
	if len(full) < 2*len(brief) || !strings.Contains(full, "verbs") {
		t.Errorf("no more is said of fmt when asked for: %d and %d bytes", len(brief), len(full))
	}
	markdown := ask("strings.NewRep|lacer", 0).Data[display.MIMEMarkdown].(string)
	if !strings.HasPrefix(markdown, "```go\nfunc strings.NewReplacer(oldnew ...string) *strings.Replacer\n```\n\n") ||
		!strings.Contains(markdown, "[Replacer](https://pkg.go.dev/strings#Replacer)") {
		t.Errorf("the markdown is\n%s", markdown)
	}
}
