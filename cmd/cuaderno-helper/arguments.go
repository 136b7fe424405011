package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// cutArgument takes --name=value from the front of what follows the role in
// os.Args: what remains is the notebook's.
func cutArgument(name string) (value string, ok bool) {
	if len(os.Args) < 3 {
		return "", false
	}
	value, ok = strings.CutPrefix(os.Args[2], "--"+name+"=")
	if ok {
		os.Args = slices.Delete(os.Args, 2, 3)
	}
	return value, ok
}

// limit are what the process and those that it starts may use; 0 is no limit.
type limit struct {
	memory    uint64 // in bytes
	processes int
}

// cutLimits takes the limits from os.Args.
func cutLimits() (l limit, err error) {
	if text, ok := cutArgument("memory"); ok {
		if l.memory, err = strconv.ParseUint(text, 10, 64); err != nil {
			return l, fmt.Errorf("--memory=%s: it is a number of bytes here", text)
		}
	}
	if text, ok := cutArgument("processes"); ok {
		if l.processes, err = strconv.Atoi(text); err != nil {
			return l, fmt.Errorf("--processes=%s: it is a number", text)
		}
	}
	return l, nil
}

// arguments are the limits as cutLimits reads them.
func (l limit) arguments() []string {
	return []string{fmt.Sprint("--memory=", l.memory), fmt.Sprint("--processes=", l.processes)}
}
