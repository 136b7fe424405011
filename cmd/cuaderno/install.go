package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cuaderno/install"
)

func installCommand() command {
	return command{
		name:     "install",
		synopsis: "[--user | --sys-prefix | --prefix DIR] [--name N] [--display-name T] [--env K=V …] [--memory 2G] [--processes 20] [--cell-timeout 60s] [--output 10M] [--dry-run]",
		summary:  "Write the kernelspec, so that Jupyter offers the kernel.",
		run:      runInstall,
	}
}

func runInstall(ctx context.Context, p *program, args []string) error {
	var scope scopeFlags
	env := envFlag{}
	set := p.flags(installCommand())
	scope.register(set)
	name := set.String("name", install.DefaultName, "how commands call the kernel: `N`")
	display := set.String("display-name", install.DefaultDisplayName, "how menus call the kernel: `T`")
	set.Var(env, "env", "set an environment variable for the kernel: `K=V`; may be repeated")
	limited := newLimitFlags(set)
	dry := set.Bool("dry-run", false, "show what would be written, and where, and write nothing")
	if err := p.parse(set, args, 0); err != nil {
		return err
	}
	if err := install.CheckName(*name); err != nil {
		return err
	}
	kernels, err := scope.kernels(ctx, p, set)
	if err != nil {
		return err
	}
	path, err := install.Program(p.arg0)
	if err != nil {
		return err
	}
	if _, err := install.Helper(path); err != nil {
		return err
	}
	spec, err := install.NewSpec(path, *display, env, limited.arguments()...)
	if err != nil {
		return err
	}
	if *dry {
		return p.showSpec(filepath.Join(kernels, *name), spec)
	}
	dir, err := install.Write(kernels, *name, spec)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Installed kernelspec %s in %s\n", *name, dir)
	p.warnUnseen(ctx, kernels, dir)
	return nil
}

func (p *program) showSpec(dir string, spec install.Spec) error {
	data, err := spec.JSON()
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Would write to %s:\n", dir)
	for _, logo := range install.Logos() {
		fmt.Fprintf(p.stdout, "%s (%d bytes)\n", logo.Name, len(logo.Data))
	}
	fmt.Fprintf(p.stdout, "kernel.json:\n%s", data)
	return nil
}

// warnUnseen says so when a Jupyter started in this environment would not find
// the kernelspec, or would take another one of that name.
func (p *program) warnUnseen(ctx context.Context, kernels, dir string) {
	path := p.host.Path(ctx)
	if !slices.Contains(path, kernels) {
		data := filepath.Dir(kernels)
		fmt.Fprintf(p.stdout, "A Jupyter installed in %s finds it; any other does with JUPYTER_PATH=%s\n",
			filepath.Dir(filepath.Dir(data)), data)
		return
	}
	for _, found := range install.List(path) {
		if found.Dir == dir && found.ShadowedBy != "" {
			fmt.Fprintf(p.stdout, "Jupyter takes %s instead, which comes first on its path: remove that one, or choose another --name\n", found.ShadowedBy)
		}
	}
}

// envFlag collects --env K=V.
type envFlag map[string]string

func (e envFlag) String() string { return "" }

func (e envFlag) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return fmt.Errorf("write it as K=V")
	}
	e[key] = value
	return nil
}
