package remote

import (
	"fmt"
	"strconv"
	"strings"
)

// Arguments are what a helper, in whatever role, is told on its command line: they
// stand between the role and what belongs to the notebook.
type Arguments struct {
	// Engine is which engine runs the statements of cells, as in interp.Choice; empty
	// for the default.
	Engine string
	// Memory is in bytes; 0 is no limit.
	Memory uint64
	// Processes is how many the notebook may start; 0 is no limit.
	Processes int
}

// List returns the arguments as CutArguments reads them. All are there, so that none of
// the notebook's is taken for one.
func (a Arguments) List() []string {
	return []string{"--engine=" + a.Engine, fmt.Sprint("--memory=", a.Memory), fmt.Sprint("--processes=", a.Processes)}
}

// CutArguments takes the arguments from the front of what follows the role.
func CutArguments(args []string) (a Arguments, rest []string, err error) {
	cut := func(name string) (value string, ok bool) {
		if len(args) == 0 {
			return "", false
		}
		if value, ok = strings.CutPrefix(args[0], "--"+name+"="); ok {
			args = args[1:]
		}
		return value, ok
	}
	a.Engine, _ = cut("engine")
	if text, ok := cut("memory"); ok {
		if a.Memory, err = strconv.ParseUint(text, 10, 64); err != nil {
			return a, args, fmt.Errorf("--memory=%s: it is a number of bytes here", text)
		}
	}
	if text, ok := cut("processes"); ok {
		if a.Processes, err = strconv.Atoi(text); err != nil {
			return a, args, fmt.Errorf("--processes=%s: it is a number", text)
		}
	}
	return a, args, nil
}
