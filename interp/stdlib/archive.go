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
// each package, and "index": the Go version on the first line, then a line
// "PATH NAME" for each package that cells may import, sorted by path.
const (
	indexEntry   = "index"
	exportPrefix = "export/"
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
	paths     []string            // sorted
	names     map[string]string   // path → package name
	byName    map[string][]string // package name → paths, sorted
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
	ix := &index{goVersion: version, names: make(map[string]string), byName: make(map[string][]string)}
	for line := range strings.Lines(rest) {
		path, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		ix.paths = append(ix.paths, path)
		ix.names[path] = name
		ix.byName[name] = append(ix.byName[name], path)
	}
	return ix, nil
}
