package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Layers table lists the packages of a module, lowest layer first, by their
// path inside the module. "cmd/..." stands for every package below cmd.
// A package imports packages of lower layers, and of its own layer only those
// that Arrows names for it.
type Layers struct {
	Module string
	Table  [][]string
	// Arrows maps a package to packages of its own layer that it may import.
	Arrows map[string][]string
	// Owners maps the prefix of a third-party import path to the packages
	// that alone may import it, in tests too.
	Owners map[string][]string
	// TestOnly are packages that only tests may import.
	TestOnly []string
}

// layer returns the index of the layer of a package, or -1.
func (l Layers) layer(pkg string) int {
	return slices.IndexFunc(l.Table, func(line []string) bool {
		return slices.ContainsFunc(line, func(entry string) bool { return matches(entry, pkg) })
	})
}

func matches(entry, pkg string) bool {
	if root, ok := strings.CutSuffix(entry, "/..."); ok {
		return pkg == root || strings.HasPrefix(pkg, root+"/")
	}
	return entry == pkg
}

// Check returns a sentence for each breach, in the order of the files.
func (l Layers) Check(files []File) []string {
	var breaches []string
	known := map[string]bool{}
	for _, file := range files {
		pkg := path.Dir(file.Path)
		if !known[pkg] && l.layer(pkg) < 0 {
			breaches = append(breaches, fmt.Sprintf("package %s is in no layer", pkg))
		}
		known[pkg] = true
		for _, imported := range file.Imports {
			if why := l.refuse(pkg, file.IsTest(), imported); why != "" {
				breaches = append(breaches, fmt.Sprintf("%s imports %s: %s", file.Path, imported, why))
			}
		}
	}
	return breaches
}

// refuse says why pkg may not import the path imported; "" when it may.
func (l Layers) refuse(pkg string, test bool, imported string) string {
	for module, owners := range l.Owners {
		if matches(module+"/...", imported) && !slices.Contains(owners, pkg) {
			return "only " + strings.Join(owners, " and ") + " may"
		}
	}
	target, ours := strings.CutPrefix(imported, l.Module+"/")
	if !ours || test {
		return ""
	}
	if slices.Contains(l.TestOnly, target) {
		return "only tests may"
	}
	from, to := l.layer(pkg), l.layer(target)
	switch {
	case from < 0 || to < 0: // reported with the package itself
		return ""
	case to > from:
		return fmt.Sprintf("layer %d is above layer %d", to, from)
	case to == from && !slices.ContainsFunc(l.Arrows[pkg], func(entry string) bool { return matches(entry, target) }):
		return fmt.Sprintf("both are in layer %d and no arrow joins them", from)
	}
	return ""
}
