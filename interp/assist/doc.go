// Package assist answers what people ask while they type: what may stand at the
// cursor, and what it is that stands there.
//
// The answers are those of the type checker. A question goes through four steps:
//
//	cursor.go    where the cursor is: in a comment, an import path, a magic, in code
//	cell.Mend    the code made whole enough to be parsed
//	check        Session.Consult checks it beside the session, which it leaves alone
//	syntax.go    what surrounds the cursor
//
// and from there to names.go, members.go, fields.go and paths.go for a completion,
// or to subject.go, declaration.go and documentation.go for an inspection. No code
// of the notebook runs, and nothing waits for a cell that does.
package assist
