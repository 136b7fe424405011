package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"cuaderno/install"
)

func uninstallCommand() command {
	return command{
		name:     "uninstall",
		synopsis: "[--user | --sys-prefix | --prefix DIR] [--name N]",
		summary:  "Remove the kernelspec that install wrote.",
		run:      runUninstall,
	}
}

func runUninstall(ctx context.Context, p *program, args []string) error {
	var scope scopeFlags
	set := p.flags(uninstallCommand())
	scope.register(set)
	name := set.String("name", install.DefaultName, "how commands call the kernel: `N`")
	if err := p.parse(set, args, 0); err != nil {
		return err
	}
	kernels, err := scope.kernels(ctx, p, set)
	if err != nil {
		return err
	}
	dir, err := install.Remove(kernels, *name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no kernelspec %s in %s%s", *name, kernels, p.elsewhere(ctx, *name))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Removed %s\n", dir)
	return nil
}

// elsewhere names the commands that remove the kernelspecs of that name which
// do exist.
func (p *program) elsewhere(ctx context.Context, name string) string {
	hint := ""
	for _, found := range install.List(p.host.Path(ctx)) {
		if found.Name != strings.ToLower(name) {
			continue
		}
		hint += "\nthere is one in " + found.Dir
		if prefix, ok := strings.CutSuffix(filepath.Dir(found.Dir), filepath.FromSlash("/share/jupyter/kernels")); ok {
			hint += fmt.Sprintf(": cuaderno uninstall --name %s --prefix %s", filepath.Base(found.Dir), prefix)
		}
	}
	if hint == "" {
		return "; cuaderno list shows those that Jupyter finds"
	}
	return hint
}
