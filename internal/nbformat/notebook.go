// Package nbformat reads and writes notebook files of the format 4.x
// (nbformat.readthedocs.io, "The notebook file format"), and records the
// outputs of an execution as nbclient does.
//
//	Parse or ReadFile ─► Notebook ─► Cells ─► Source, Tags, …
//	Recorder.Begin(cell) ─► Outputs ◄── what the cell prints and displays
//	Recorder.Store ─► the cells' outputs ─► Notebook.Bytes or WriteFile
//
// A Notebook keeps everything that it was read from, also fields that the
// format does not know and numbers of any precision. It is written as Python's
// nbformat writes it, so that a file which only passes through stays the same
// byte for byte: sorted keys, an indent of one, texts as lists of lines, a
// newline at the end. The one thing that does not pass is half a surrogate pair,
// which Python cannot write either: it becomes U+FFFD.
package nbformat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Notebook is the content of a notebook file. It and its cells are not safe
// for concurrent use.
type Notebook struct {
	Cells  []*Cell
	fields map[string]any // all but cells
}

// A Cell is one cell of a notebook.
type Cell struct {
	fields map[string]any
}

// Parse reads a notebook. It refuses what is not a notebook of the format 4.
func Parse(data []byte) (*Notebook, error) {
	fields, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("reading a notebook: %w", err)
	}
	switch major := fields["nbformat"]; major {
	case json.Number("4"):
	case nil:
		return nil, errors.New("reading a notebook: the file has no field nbformat: it is no notebook")
	default:
		return nil, fmt.Errorf("reading a notebook: the file has the format %v, not 4: open it in JupyterLab and save it, which converts it", major)
	}
	list, ok := fields["cells"].([]any)
	if !ok {
		return nil, errors.New("reading a notebook: the file has no list of cells")
	}
	delete(fields, "cells")
	n := &Notebook{fields: fields}
	for i, value := range list {
		cell, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("reading a notebook: cell %d is not an object", i+1)
		}
		if _, ok := cell["cell_type"].(string); !ok {
			return nil, fmt.Errorf("reading a notebook: cell %d has no cell_type", i+1)
		}
		if _, ok := joined(cell["source"]).(string); !ok {
			return nil, fmt.Errorf("reading a notebook: cell %d has no source", i+1)
		}
		n.Cells = append(n.Cells, &Cell{cell})
	}
	return n, nil
}

// parseObject decodes one JSON object and nothing after it.
func parseObject(data []byte) (map[string]any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the file is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("the file is not a JSON object: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows the JSON object, at byte %d", decoder.InputOffset())
	}
	return fields, nil
}

// Bytes returns the file, as nbformat.write of Python makes it.
func (n *Notebook) Bytes() []byte {
	cells := make([]any, len(n.Cells))
	for i, cell := range n.Cells {
		cells[i] = cell.split()
	}
	file := copied(n.fields)
	file["cells"] = cells
	return append(appendValue(nil, file, 0), '\n')
}

// Language returns the programming language that the metadata names, by the
// kernelspec or by language_info, in lower case; "" when they name none.
func (n *Notebook) Language() string {
	metadata := object(n.fields["metadata"])
	for _, name := range []any{object(metadata["kernelspec"])["language"], object(metadata["language_info"])["name"]} {
		if name, ok := name.(string); ok && name != "" {
			return strings.ToLower(name)
		}
	}
	return ""
}

// Type returns the cell_type: "code", "markdown" or "raw".
func (c *Cell) Type() string { return c.fields["cell_type"].(string) }

// ID returns the id of the cell, "" in notebooks older than the format 4.5.
func (c *Cell) ID() string {
	id, _ := c.fields["id"].(string)
	return id
}

// Source returns the text of the cell.
func (c *Cell) Source() string { return joined(c.fields["source"]).(string) }

// HasTag reports whether metadata.tags contains tag.
func (c *Cell) HasTag(tag string) bool {
	tags, _ := object(c.fields["metadata"])["tags"].([]any)
	return slices.Contains(tags, any(tag))
}

// SetCount sets execution_count: the n of In [n].
func (c *Cell) SetCount(n int) { c.fields["execution_count"] = json.Number(strconv.Itoa(n)) }

// object returns v if it is a JSON object, and an empty one otherwise.
func object(v any) map[string]any {
	fields, _ := v.(map[string]any)
	return fields
}
