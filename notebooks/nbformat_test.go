package notebooks

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A cell is a code cell of a notebook file (nbformat 4).
type cell struct {
	ID      string    `json:"id"`
	Type    string    `json:"cell_type"`
	Source  multiline `json:"source"`
	Count   *int      `json:"execution_count"`
	Outputs []struct {
		Type  string                     `json:"output_type"`
		Name  string                     `json:"name"`
		Text  multiline                  `json:"text"`
		Data  map[string]json.RawMessage `json:"data"`
		Error string                     `json:"evalue"`
	} `json:"outputs"`
}

// multiline is a text that the format stores as a string or a list of lines.
type multiline string

func (m *multiline) UnmarshalJSON(data []byte) error {
	var lines []string
	if json.Unmarshal(data, &lines) == nil {
		*m = multiline(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(m))
}

// kinds are the different kinds of output of a cell, such as "stream stdout".
func (c cell) kinds() []string {
	var kinds []string
	for _, output := range c.Outputs {
		kinds = append(kinds, strings.TrimSpace(output.Type+" "+output.Name))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// text is what the cell printed, and the messages of its errors.
func (c cell) text() string {
	var text strings.Builder
	for _, output := range c.Outputs {
		text.WriteString(string(output.Text) + output.Error)
	}
	return text.String()
}

// shown is what the cell shows in a MIME type of text, empty if it does not.
func (c cell) shown(t *testing.T, mime string) string {
	t.Helper()
	var shown multiline
	for _, output := range c.Outputs {
		if data, ok := output.Data[mime]; ok {
			if err := json.Unmarshal(data, &shown); err != nil {
				t.Errorf("%s in cell %s: %v", mime, c.ID, err)
			}
		}
	}
	return string(shown)
}

// notebookFiles are the notebooks of the course.
func notebookFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("*.ipynb")
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no notebooks here: %v", err)
	}
	return names
}

// readNotebook returns the code cells of a notebook file.
func readNotebook(t *testing.T, name string) []cell {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cells []cell `json:"cells"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return slices.DeleteFunc(file.Cells, func(c cell) bool { return c.Type != "code" })
}

func TestNotebooksAreStoredWithOutputsOfOurKernel(t *testing.T) {
	for _, name := range notebookFiles(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Metadata struct {
				Kernelspec struct{ Name, Language string } `json:"kernelspec"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if k := file.Metadata.Kernelspec; k.Name != "cuaderno" || k.Language != "go" {
			t.Errorf("%s is for the kernel %q, language %q", name, k.Name, k.Language)
		}
		if !slices.ContainsFunc(readNotebook(t, name), func(c cell) bool { return len(c.Outputs) > 0 }) {
			t.Errorf("%s is stored without outputs", name)
		}
	}
}
