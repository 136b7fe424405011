package install

import (
	"os"
	"path/filepath"
	"strings"
)

// A Found is one kernelspec of ours on the Jupyter path.
type Found struct {
	// Name is what front ends call it: the directory's name in lower case.
	Name string
	// Dir is the kernelspec directory.
	Dir  string
	Spec Spec
	// ShadowedBy is the directory of the kernelspec that Jupyter takes
	// instead, of whichever kernel; "" when this one is in effect.
	ShadowedBy string
}

// List returns the kernelspecs of ours in the given kernels directories, in
// the order of Host.Path and by name within one. Names are compared without
// case, as jupyter_client.kernelspec does. Directories that are missing or
// cannot be read hold nothing.
func List(path []string) []Found {
	var found []Found
	first := map[string]string{}
	for _, kernels := range path {
		entries, err := os.ReadDir(kernels)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			dir := filepath.Join(kernels, entry.Name())
			if CheckName(entry.Name()) != nil {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, "kernel.json")); err != nil {
				continue
			}
			name := strings.ToLower(entry.Name())
			winner, taken := first[name]
			if !taken {
				first[name] = dir
			}
			if spec, err := read(dir); err == nil && spec.Ours() {
				found = append(found, Found{Name: name, Dir: dir, Spec: spec, ShadowedBy: winner})
			}
		}
	}
	return found
}
