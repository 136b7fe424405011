package engine

// A Target is a function that a child process can find again: one that a
// Program binds to a name.
type Target struct {
	// Name is the function's in the program, Label what messages call it.
	Name, Label string
	// Captures point to the variables that a literal uses from around it.
	Captures []any
	// Recv is the value whose method the target is, if it is one; the function
	// takes it as its first argument.
	Recv   any
	Method bool
}
