package engine

// A Target is a function that a child process can find again: one that a
// Program binds to a name.
type Target struct {
	// Name is the function's in the program, Label what messages call it.
	Name, Label string
	// Literal says that the function returns the target, given the variables that
	// a literal uses from around it: Captures point to them.
	Literal  bool
	Captures []any
	// Recv is the value whose method the target is, if it is one; the function
	// takes it as its first argument.
	Recv   any
	Method bool
}
