package nbformat_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuaderno/internal/nbformat"
)

// testdata/everything.ipynb was written by nbformat.write of Python.
const everything = "testdata/everything.ipynb"

func TestFileOfPythonPassesUnchanged(t *testing.T) {
	want, err := os.ReadFile(everything)
	if err != nil {
		t.Fatal(err)
	}
	notebook, err := nbformat.Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(notebook.Bytes()); got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOtherLayoutsBecomePythons(t *testing.T) {
	source := `{"nbformat_minor":2, "nbformat":4, "metadata":{}, "zeta":"<&>", "cells":[
		{"cell_type":"code", "source":"a\nb", "metadata":{}, "outputs":[
			{"output_type":"stream", "text":["a", "b\n"], "name":"stdout"},
			{"output_type":"display_data", "metadata":{}, "data":{"image/png":["A","B"], "application/json":["A","B"]}}],
		"execution_count":null}]}`
	want := `{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": null,
   "metadata": {},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "ab\n"
     ]
    },
    {
     "data": {
      "application/json": [
       "A",
       "B"
      ],
      "image/png": "AB"
     },
     "metadata": {},
     "output_type": "display_data"
    }
   ],
   "source": [
    "a\n",
    "b"
   ]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 2,
 "zeta": "<&>"
}
`
	notebook, err := nbformat.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(notebook.Bytes()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatACellSays(t *testing.T) {
	notebook, err := nbformat.ReadFile(everything)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, cell := range notebook.Cells {
		types = append(types, cell.Type())
	}
	if want := []string{"markdown", "code", "code", "raw"}; !slices.Equal(types, want) {
		t.Errorf("types %q, want %q", types, want)
	}
	cell := notebook.Cells[1]
	if cell.ID() != "cell-1" || cell.Source() != "x := 1\nx+1\n" {
		t.Errorf("id %q, source %q", cell.ID(), cell.Source())
	}
	if !cell.HasTag("raises-exception") || cell.HasTag("raises") || notebook.Cells[2].HasTag("x") {
		t.Error("wrong tags")
	}
}

func TestLanguage(t *testing.T) {
	tests := []struct{ metadata, want string }{
		{`{}`, ""},
		{`{"kernelspec": {"name": "cuaderno"}}`, ""},
		{`{"kernelspec": {"language": "Go"}, "language_info": {"name": "python"}}`, "go"},
		{`{"language_info": {"name": "python"}}`, "python"},
		{`{"kernelspec": [], "language_info": {"name": 1}}`, ""},
	}
	for _, test := range tests {
		notebook, err := nbformat.Parse([]byte(`{"nbformat": 4, "cells": [], "metadata": ` + test.metadata + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := notebook.Language(); got != test.want {
			t.Errorf("%s: %q, want %q", test.metadata, got, test.want)
		}
	}
}

func TestWhatIsNoNotebookIsRefused(t *testing.T) {
	tests := []struct{ source, want string }{
		{``, "not a JSON object"},
		{`[1]`, "not a JSON object"},
		{`{"a": 1}`, "no field nbformat"},
		{`{"nbformat": 3, "worksheets": []}`, "save it"},
		{`{"nbformat": 4}`, "no list of cells"},
		{`{"nbformat": 4, "cells": [{"cell_type": "raw", "source": ""}, 1]}`, "cell 2 is not an object"},
		{`{"nbformat": 4, "cells": [{"source": ""}]}`, "cell 1 has no cell_type"},
		{`{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}`, "cell 1 has no source"},
		{`{"nbformat": 4, "cells": []} {}`, "something follows"},
		{"{\"nbformat\": 4, \"cells\": [], \"a\": \"\xff\"}", "not UTF-8"},
	}
	for _, test := range tests {
		_, err := nbformat.Parse([]byte(test.source))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.source, err, test.want)
		}
	}
}

func TestWriteFileReplacesWhatALinkLeadsTo(t *testing.T) {
	notebook, err := nbformat.ReadFile(everything)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.ipynb"), filepath.Join(dir, "link.ipynb")
	if err := os.WriteFile(file, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{link, filepath.Join(dir, "new.ipynb")} {
		if err := notebook.WriteFile(name); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(name); string(got) != string(notebook.Bytes()) {
			t.Errorf("%s: %s", name, got)
		}
	}
	info, err := os.Lstat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o640 {
		t.Errorf("the file has the mode %v", info.Mode())
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("left behind: %v", entries)
	}
	if err := notebook.WriteFile(filepath.Join(dir, "gone", "x.ipynb")); err == nil {
		t.Error("a directory that does not exist was written to")
	}
}
