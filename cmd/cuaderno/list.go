package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"cuaderno/install"
)

func listCommand() command {
	return command{
		name:    "list",
		summary: "Show the kernelspecs of Cuaderno that Jupyter finds.",
		run:     runList,
	}
}

func runList(ctx context.Context, p *program, args []string) error {
	if err := p.parse(p.flags(listCommand()), args, 0); err != nil {
		return err
	}
	path := p.host.Path(ctx)
	specs := install.List(path)
	if len(specs) == 0 {
		fmt.Fprintln(p.stdout, "Jupyter finds no kernelspec of Cuaderno: run cuaderno install. It looks in:")
		for _, dir := range path {
			fmt.Fprintln(p.stdout, "  "+dir)
		}
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tDISPLAY NAME\tDIRECTORY\tSTATE\tOPTIONS")
	for _, spec := range specs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", spec.Name, spec.Spec.DisplayName, spec.Dir, state(spec), strings.Join(spec.Spec.Options(), " "))
	}
	return w.Flush()
}

func state(found install.Found) string {
	if found.ShadowedBy != "" {
		return "shadowed by " + found.ShadowedBy
	}
	if _, err := os.Stat(found.Spec.Argv[0]); err != nil {
		return "broken: " + found.Spec.Argv[0] + " is gone; run cuaderno install again"
	}
	return "in effect"
}
