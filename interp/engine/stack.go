package engine

// A Call is one line of a stack: where a function of the notebook was.
type Call struct {
	// Name is as in a Go traceback: f, T.m, f.func1; "" for a cell's statements.
	Name string
	// Cell and Line say where, Line as typed.
	Cell, Line int
}

// A StackOverflow is the cause of a stop by a recursion without end.
type StackOverflow struct {
	// Stack are the innermost and the outermost calls, Depth is how many there
	// were. The rest is not kept: it is hundreds of megabytes.
	Stack []Call
	Depth int
}

func (*StackOverflow) Error() string {
	return "stack overflow: functions of the notebook call each other too deep (does a recursion lack its end?)"
}
