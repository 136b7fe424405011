package notebooks

import (
	"go/format"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A lesson is what the output of a cell must show for the text around it to be
// true. How long something took is no part of any lesson.
type lesson func(v view)

// view is a cell of an executed notebook, seen by a test.
type view struct {
	*testing.T
	cell
	cells map[string]cell // of the whole notebook, by id
}

// numbers returns what the only group of pattern matches in what the cell
// printed, which it must n times.
func (v view) numbers(pattern string, n int) []int {
	v.Helper()
	var found []int
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(v.text(), -1) {
		number, err := strconv.Atoi(match[1])
		if err != nil {
			v.Fatal(err)
		}
		found = append(found, number)
	}
	if len(found) != n {
		v.Fatalf("%d matches of %s, want %d", len(found), pattern, n)
	}
	return found
}

// sessionPID is the process that runs the cells, as the notebook tells it.
func (v view) sessionPID() int {
	v.Helper()
	return view{v.T, v.cells["pid-ppid"], v.cells}.numbers(`id. del proceso: +(\d+)`, 1)[0]
}

// lessons are the lessons of a notebook by the id of the cell that shows them.
// Each code cell has one.
func lessons(notebook string) map[string]lesson {
	found := map[string]lesson{}
	switch notebook {
	case "multiprocessing.ipynb":
		maps.Copy(found, processLessons())
		maps.Copy(found, messageLessons())
		maps.Copy(found, workLessons())
	case "soluciones.ipynb":
		maps.Copy(found, solutionLessons())
	}
	return found
}

// checkLessons checks the lessons of a notebook in its executed code cells,
// which are those of the stored notebook in the same order.
func checkLessons(t *testing.T, notebook string, stored, executed []cell) {
	t.Helper()
	lessons := lessons(notebook)
	cells := map[string]cell{}
	for i, c := range stored {
		cells[c.ID] = executed[i]
		if lessons[c.ID] == nil {
			t.Errorf("what cell %s of %s teaches is not checked", c.ID, notebook)
		}
	}
	for id, check := range lessons {
		t.Run(id, func(t *testing.T) {
			c, ok := cells[id]
			if !ok {
				t.Fatalf("%s has no cell %q", notebook, id)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the cell\n%s\nprinted\n%s", c.Source, c.text())
				}
			})
			check(view{t, c, cells})
		})
	}
}

func TestStoredOutputsShowTheLessons(t *testing.T) {
	for _, name := range notebookFiles(t) {
		stored := readNotebook(t, name)
		checkLessons(t, name, stored, stored)
	}
}

func TestReadmeNumbersTheCellsOfTheCourse(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{}
	for _, match := range regexp.MustCompile("(\\d+) `([a-z0-9-]+)`").FindAllStringSubmatch(string(readme), -1) {
		named[match[2]] = match[1]
	}
	for i, c := range readNotebook(t, "multiprocessing.ipynb") {
		if want := strconv.Itoa(i + 1); named[c.ID] != want {
			t.Errorf("cell %s is number %s, and %q in README.md", c.ID, want, named[c.ID])
		}
		delete(named, c.ID)
	}
	if len(named) > 0 {
		t.Errorf("README.md names cells that are not there: %v", named)
	}
}

func TestCellsAreFormatted(t *testing.T) {
	// gofmt takes declarations or statements, and a cell may have both: each
	// part of a cell after a blank line at its left margin is of one kind.
	margin := regexp.MustCompile(`\n\n([^\s}])`)
	for _, name := range notebookFiles(t) {
		for _, c := range readNotebook(t, name) {
			for part := range strings.SplitSeq(margin.ReplaceAllString(string(c.Source), "\n\x00$1"), "\x00") {
				part = strings.TrimSuffix(part, "\n")
				if formatted, err := format.Source([]byte(part)); err != nil || string(formatted) != part {
					t.Errorf("%s, cell %s is not as gofmt writes it (%v):\n%s", name, c.ID, err, part)
				}
			}
		}
	}
}

// prints is the lesson of a cell that prints want and nothing else.
func prints(want string) lesson {
	return func(v view) {
		v.Helper()
		if got := v.text(); got != want {
			v.Errorf("printed %q, want %q", got, want)
		}
	}
}

func matches(pattern string) lesson {
	return func(v view) {
		v.Helper()
		if !regexp.MustCompile(pattern).MatchString(v.text()) {
			v.Errorf("nothing printed matches %s", pattern)
		}
	}
}

func contains(text string) lesson {
	return func(v view) {
		v.Helper()
		if !strings.Contains(v.text(), text) {
			v.Errorf("%q was not printed", text)
		}
	}
}

func lacks(text string) lesson {
	return func(v view) {
		v.Helper()
		if strings.Contains(v.text(), text) {
			v.Errorf("%q was printed", text)
		}
	}
}

func all(parts ...lesson) lesson {
	return func(v view) {
		v.Helper()
		for _, part := range parts {
			part(v)
		}
	}
}
