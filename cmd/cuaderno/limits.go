package main

import (
	"flag"
	"fmt"
	"slices"

	"cuaderno/internal/limits"
)

// limitFlags are the flags that limit what a notebook may use of the machine.
type limitFlags struct {
	known []limits.Limit
	given map[string]string // what the command line says, by flag
}

// newLimitFlags adds to set the flags of all limits but those left out.
func newLimitFlags(set *flag.FlagSet, leftOut ...string) *limitFlags {
	f := &limitFlags{given: map[string]string{}}
	for _, limit := range limits.All() {
		if slices.Contains(leftOut, limit.Flag) {
			continue
		}
		f.known = append(f.known, limit)
		set.Func(limit.Flag, limit.Usage+"; also "+limit.Env, func(text string) error {
			f.given[limit.Flag] = text
			return limit.Set(&limits.Limits{}, text)
		})
	}
	return f
}

// arguments are the flags that were given.
func (f *limitFlags) arguments() []string {
	var args []string
	for _, limit := range f.known {
		if text, ok := f.given[limit.Flag]; ok {
			args = append(args, "--"+limit.Flag, text)
		}
	}
	return args
}

// resolve puts into l, which has the defaults, what the environment says and, before
// it, what the command line does.
func (f *limitFlags) resolve(getenv func(string) string, l limits.Limits) (limits.Limits, error) {
	for _, limit := range f.known {
		name, text := "--"+limit.Flag+" ", f.given[limit.Flag]
		if text == "" {
			name, text = limit.Env+"=", getenv(limit.Env)
		}
		if text == "" {
			continue
		}
		if err := limit.Set(&l, text); err != nil {
			return l, fmt.Errorf("%s%s: %w", name, text, err)
		}
	}
	return l, nil
}
