package main

import (
	"context"
	"flag"
	"fmt"

	"cuaderno/install"
)

// scopeFlags are the flags that say where a kernelspec lives; at most one of
// them may be given, and none means --user.
type scopeFlags struct {
	user, sysPrefix bool
	prefix          string
}

func (s *scopeFlags) register(set *flag.FlagSet) {
	set.BoolVar(&s.user, "user", false, "for this user alone (what happens without a flag)")
	set.BoolVar(&s.sysPrefix, "sys-prefix", false, "in the active Python environment: VIRTUAL_ENV, CONDA_PREFIX or python3's")
	set.StringVar(&s.prefix, "prefix", "", "in `DIR`/share/jupyter, such as /usr/local for every user")
}

// kernels returns the kernels directory that the flags name.
func (s *scopeFlags) kernels(ctx context.Context, p *program, set *flag.FlagSet) (string, error) {
	scope, given := install.User, 0
	set.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "prefix":
			scope, given = install.Prefix, given+1
		case "sys-prefix":
			if s.sysPrefix {
				scope, given = install.SysPrefix, given+1
			}
		case "user":
			if s.user {
				given++
			}
		}
	})
	if given > 1 {
		return "", p.mistake(set, "--user, --sys-prefix and --prefix exclude each other")
	}
	dir, err := p.host.KernelsDir(ctx, scope, s.prefix)
	if err != nil {
		return "", fmt.Errorf("choosing the place: %w", err)
	}
	return dir, nil
}
