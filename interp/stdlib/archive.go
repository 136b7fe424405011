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
// "index": the Go version on the first line, then a line for each package that cells
// may import, sorted by path: "PATH NAME", then for one with a generic layer
// "whole", if the layer is all that it exports, or "part", and the FILEs; between
// them, for each package that others are to be imported before, "+PATH" and their
// paths.
const (
	indexEntry   = "index"
	exportPrefix = "export/"
	sourcePrefix = "source/"
)

// entries are those of the archive by name. A zip.Reader would sort them first, to
// be a file system.
type entries map[string]*zip.File

func openArchive() (entries, error) {
	r, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("opening the embedded export data: %w", err)
	}
	e := make(entries, len(r.File))
	for _, f := range r.File {
		e[f.Name] = f
	}
	return e, nil
}

// open opens an entry. The error of one that is missing is fs.ErrNotExist.
func (e entries) open(name string) (io.ReadCloser, error) {
	f := e[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return f.Open()
}

// An index is the parsed index entry.
type index struct {
	goVersion string
	// The generic types of a package's early ones are mentioned in its export data.
	// A copy comes with it, which the importer would take.
	early  map[string][]string
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

func readIndex(e entries) (*index, error) {
	f, err := e.open(indexEntry)
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
	ix := &index{
		goVersion: version,
		early:     make(map[string][]string),
		layers:    make(map[string]sources),
		names:     make(map[string]string),
		byName:    make(map[string][]string),
	}
	for line := range strings.Lines(rest) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return nil, errors.New("the index of the embedded export data is damaged")
		}
		if path, ok := strings.CutPrefix(fields[0], "+"); ok {
			ix.early[path] = fields[1:]
			continue
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
