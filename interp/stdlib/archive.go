package stdlib

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// The archive that internal/stdgen writes holds one entry "export/PATH" for
// each package, "source/PATH/FILE" for each file of a generic layer, and
// "index": the Go version on the first line, on the second the paths of the
// packages to import before any other, then a line for each package that cells
// may import, sorted by path: "PATH NAME", then for one with a generic layer
// "whole", if the layer is all that it exports, or "part", and the FILEs.
const (
	indexEntry   = "index"
	exportPrefix = "export/"
	sourcePrefix = "source/"
)

func openArchive() (*zip.Reader, error) {
	r, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("opening the embedded export data: %w", err)
	}
	return r, nil
}

// An index is the parsed index entry.
type index struct {
	goVersion string
	// The generic types of early packages are mentioned in the export data of
	// others. A copy comes with it, which the importer would take.
	early  []string
	layers map[string]sources  // by path; only those that have one
	paths  []string            // sorted
	names  map[string]string   // path → package name
	byName map[string][]string // package name → paths, sorted
}

// sources names what a generic layer is made of.
type sources struct {
	whole bool // the package exports nothing else: there is no need of export data
	files []string
}

func readIndex(r fs.FS) (*index, error) {
	f, err := r.Open(indexEntry)
	if err != nil {
		return nil, fmt.Errorf("reading the index of the embedded export data: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("reading the index of the embedded export data: %w", err)
	}
	version, rest, ok := strings.Cut(string(text), "\n")
	if !ok {
		return nil, errors.New("the index of the embedded export data is empty")
	}
	early, rest, _ := strings.Cut(rest, "\n")
	ix := &index{
		goVersion: version,
		early:     strings.Fields(early),
		layers:    make(map[string]sources),
		names:     make(map[string]string),
		byName:    make(map[string][]string),
	}
	for line := range strings.Lines(rest) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return nil, errors.New("the index of the embedded export data is damaged")
		}
		path, name := fields[0], fields[1]
		if len(fields) > 2 {
			ix.layers[path] = sources{whole: fields[2] == "whole", files: fields[3:]}
		}
		ix.paths = append(ix.paths, path)
		ix.names[path] = name
		ix.byName[name] = append(ix.byName[name], path)
	}
	return ix, nil
}
