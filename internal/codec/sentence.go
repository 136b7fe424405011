package codec

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// TypeName returns what a cell calls a type: P for main.P, mp.Queue for one of
// package mp, any for an interface without methods.
func TypeName(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	return notebookName(t.String())
}

// notebookName is TypeName of the text of a type, which may be one of a message.
func notebookName(text string) string {
	return qualified.ReplaceAllStringFunc(strings.ReplaceAll(text, "interface {}", "any"), func(s string) string {
		if strings.Contains(s, "mpruntime") {
			return "mp."
		}
		return ""
	})
}

// qualified matches what stands before and behind a name that a cell has declared,
// and before those of package mp.
var qualified = regexp.MustCompile(`"?\b(?:cuaderno/)?(?:main|mpruntime)"?\.|#\d+\.\d+`)

// Errorf is [fmt.Errorf] for sentences of package mp: it shows types with the names
// that they have in cells, and the errors of package mp that it wraps without their
// prefix: one, at the beginning of the sentence, is enough.
func Errorf(format string, args ...any) error {
	for i, arg := range args {
		switch arg := arg.(type) {
		case reflect.Type:
			args[i] = TypeName(arg)
		case error:
			if !strings.HasPrefix(format, "%w") || i > 0 {
				args[i] = unprefixed{arg}
			}
		}
	}
	return fmt.Errorf(format, args...)
}

// An unprefixed error is one in the middle of a sentence.
type unprefixed struct{ error }

func (e unprefixed) Error() string {
	return strings.ReplaceAll(strings.TrimPrefix(e.error.Error(), "mp: "), ": mp: ", ": ")
}

func (e unprefixed) Unwrap() error { return e.error }
