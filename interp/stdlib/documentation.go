package stdlib

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Documentation is what the authors of the embedded packages say in the comments
// on what they export. It is safe for concurrent use. A package's is read when it
// is first asked for, and kept.
type Documentation struct {
	mu       sync.Mutex
	entries  map[string]*zip.File
	comments map[string]map[string]string // by import path and name
}

// Comment returns the doc comment on what the package of an import path declares
// under a name, without its markers: a package-level name, or the name of a type, a
// dot and that of a field or method. "" is the package itself. The result is "" for
// what has no comment, and for a package that is not known. What is predeclared is
// package builtin's, where "len()" is the declaration of the function len.
func (d *Documentation) Comment(path, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	comments, ok := d.comments[path]
	if !ok {
		comments, _ = d.read(path) // a damaged build answers nothing
		if d.comments == nil {
			d.comments = map[string]map[string]string{}
		}
		d.comments[path] = comments
	}
	return comments[name]
}

func (d *Documentation) read(path string) (map[string]string, error) {
	if d.entries == nil {
		r, err := zip.NewReader(strings.NewReader(documentation), int64(len(documentation)))
		if err != nil {
			return nil, fmt.Errorf("opening the embedded documentation: %w", err)
		}
		d.entries = map[string]*zip.File{}
		for _, f := range r.File {
			d.entries[f.Name] = f
		}
	}
	f := d.entries[path]
	if f == nil {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("reading the documentation of %s: %w", path, err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the documentation of %s: %w", path, err)
	}
	var comments map[string]string
	if err := json.Unmarshal(text, &comments); err != nil {
		return nil, fmt.Errorf("reading the documentation of %s: %w", path, err)
	}
	return comments, nil
}
