package cell

import (
	"errors"
	"go/token"
	"strings"
)

// A Status is what IsComplete says of a text.
type Status string

// The statuses of the messaging spec's is_complete_reply.
const (
	Complete   Status = "complete"
	Incomplete Status = "incomplete"
	Invalid    Status = "invalid"
)

// IsComplete says whether src can be run as it stands, and how the next line
// should be indented if it cannot yet.
func IsComplete(src string) (status Status, indent string) {
	layout := Split(src)
	if layout.Open > 0 || layout.Unterminated >= 0 {
		return Incomplete, strings.Repeat("\t", max(layout.Open, 0))
	}
	_, err := Parse(token.NewFileSet(), "", src)
	var errs Errors
	if !errors.As(err, &errs) {
		return Complete, ""
	}
	// Code that breaks off where more could follow is wrong only at its end.
	end := lineColumn(src, len(strings.TrimRight(src, " \t\r\n")))
	if first := errs[0].Pos; first.Line > end.Line || first == end {
		return Incomplete, ""
	}
	return Invalid, ""
}
