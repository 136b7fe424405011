package display

import "errors"

// ErrNobody is what Password returns in a program that no front end shows.
var ErrNobody = errors.New("display: there is no front end to ask for a password")

// Password shows prompt and returns the line that the person types, which the
// front end does not show (messaging spec, input_request with password). It fails
// where nobody can answer, as in nbconvert and in child processes.
func Password(prompt string) (string, error) {
	s := current.Load()
	if s == nil {
		return "", ErrNobody
	}
	return (*s).Ask(prompt, true)
}
