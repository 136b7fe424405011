package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// A library is the set of packages that go list has answered with.
type library struct {
	goVersion string // what runtime.Version reports in programs built alike
	pkgs      []*pkg // sorted by import path; unsafe is not among them

	early map[string][]string // packages to import before one, by path; see early.go
}

// A pkg is one compiled package.
type pkg struct {
	path    string // import path, as export data names it
	name    string // package name
	offered bool   // a cell may import it
	export  []byte // the archive member that the compiler reads; see exportSection

	own   bool     // it is the project's, see unexported.go
	dir   string   // where files are
	files []string // names of the Go files that were compiled
	layer []source // what is generic in the package; see genericLayers
	whole bool     // layer has all that the package exports

	// unexported are the functions and methods, as method expressions, that layer
	// declares without a body, sorted.
	unexported []string
	// keeps says that the package has a function keptTypes.
	keeps bool
}

// withheld names public packages that a cell cannot use: they need cgo, a
// special build, or change how the whole program is linked.
var withheld = []string{"plugin", "runtime/cgo", "runtime/race", "runtime/msan", "runtime/asan", "unsafe"}

// load compiles the public packages of std, and own, as far as the build cache
// has not got them, and reads their export data and that of all they depend on.
func load(ctx context.Context, t target, own []string) (*library, error) {
	version, err := goCommand(ctx, t, "env", "GOVERSION")
	if err != nil {
		return nil, err
	}
	std, err := goCommand(ctx, t, "list", "std")
	if err != nil {
		return nil, err
	}
	paths := slices.DeleteFunc(strings.Fields(string(std)), func(path string) bool {
		return !isPublic(path) || slices.Contains(withheld, path)
	})
	// -trimpath, as in goCommand CGO_ENABLED, is how releases are built: the
	// build cache serves both, and no path of this machine gets in.
	args := []string{"list", "-trimpath", "-export", "-deps", "-json=ImportPath,Name,Export,DepOnly,Dir,GoFiles", "--"}
	out, err := goCommand(ctx, t, slices.Concat(args, paths, own)...)
	if err != nil {
		return nil, err
	}
	lib := &library{goVersion: strings.TrimSpace(string(version))}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Name, Export, Dir string
			DepOnly                       bool
			GoFiles                       []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading go list's answer: %w", err)
		}
		if p.ImportPath == "unsafe" { // it has none
			continue
		}
		archive, err := os.ReadFile(p.Export)
		if err != nil {
			return nil, fmt.Errorf("reading the export data of %s: %w", p.ImportPath, err)
		}
		export, err := exportSection(archive)
		if err != nil {
			return nil, fmt.Errorf("reading the export data of %s: %w", p.ImportPath, err)
		}
		lib.pkgs = append(lib.pkgs, &pkg{
			path:    p.ImportPath,
			name:    p.Name,
			offered: !p.DepOnly,
			export:  export,
			own:     slices.Contains(own, p.ImportPath),
			dir:     p.Dir,
			files:   p.GoFiles,
		})
	}
	slices.SortFunc(lib.pkgs, func(a, b *pkg) int { return strings.Compare(a.path, b.path) })
	return lib, nil
}

// isPublic reports whether any package may import path.
func isPublic(path string) bool {
	elems := strings.Split(path, "/")
	return elems[0] != "vendor" && elems[0] != "cmd" && !slices.Contains(elems, "internal")
}

// goCommand runs the go command for the target, without cgo, and returns what
// it printed. No public package looks different with cgo.
func goCommand(ctx context.Context, t target, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOOS="+t.goos, "GOARCH="+t.goarch, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
