package notebooks

import (
	"encoding/xml"
	"errors"
	"go/format"
	"io"
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
func lessons(notebook string) map[string]lesson {
	if notebook != "multiprocessing.ipynb" {
		return nil
	}
	return map[string]lesson{
		"paquete-mp": func(v view) {
			if got := v.shown(v.T, "text/plain"); got != `"MainProcess"` {
				v.Errorf("the session's name is shown as %s", got)
			}
		},
		"hola-hijo": prints("Hola oscar\n"),
		"un-hijo": func(v view) {
			checkPowers(v, "cuadrado", 2)
		},
		"dos-hijos": func(v view) {
			checkPowers(v, "cuadrado", 2)
			checkPowers(v, "cubo", 3)
		},
		"pid-padre-hijo": func(v view) {
			pids := v.numbers(`id. del proceso: +(\d+)`, 2)
			ppids := v.numbers(`proceso padre: +(\d+)`, 2)
			if pids[0] != v.sessionPID() || pids[1] == pids[0] {
				v.Errorf("the processes %d, the session %d", pids, v.sessionPID())
			}
			if ppids[1] != pids[0] {
				v.Errorf("the child's parent is %d, the parent's pid %d", ppids[1], pids[0])
			}
		},
		"main-e-hijo": func(v view) {
			if pids := v.numbers(`con pid: (\d+)`, 2); pids[0] != v.sessionPID() || pids[1] == pids[0] {
				v.Errorf("the processes %d, the session %d", pids, v.sessionPID())
			}
		},
		"cpus": func(v view) {
			if n, err := strconv.Atoi(v.shown(v.T, "text/plain")); err != nil || n < 1 {
				v.Errorf("%d processors, %v", n, err)
			}
		},
		"nombre":            matches(`^Mi-Proceso-Genial acaba de hacer algo\nProcess-\d+ acaba de hacer algo\n$`),
		"terminate":         all(matches(`padre: ¿vive el hijo\? false\npadre: código de salida -15\n$`), lacks("defer"), lacks("desperté")),
		"codigos-de-salida": matches(`0 false\n(.*\n)*0 true\n3 true\n-9 true\n$`),
		"huerfanos-demo": func(v view) {
			pids := v.numbers(`el proceso (\d+)`, 3)
			if child, before, after := pids[0], pids[1], pids[2]; before != child || after == child || after == v.sessionPID() {
				v.Errorf("the grandchild's parent was %d, then %d; the child was %d", before, after, child)
			}
		},
		"struct-run": func(v view) {
			pids := v.numbers(`pid: (\d+)`, 3)
			if pids[0] != v.sessionPID() || pids[1] == pids[0] || pids[2] != pids[1] {
				v.Errorf("the processes %d, the session %d", pids, v.sessionPID())
			}
		},
		"ejercicio-1-inicio": func(v view) {
			matches(`^funP1 - pid: \d+ - pid del padre: \d+\n0 true\n$`)(v)
			if parent := v.numbers(`pid del padre: (\d+)`, 1)[0]; parent != v.sessionPID() {
				v.Errorf("the parent is %d, the session %d", parent, v.sessionPID())
			}
		},
		"diagrama": checkDiagram,
		"goroutines-hilos": func(v view) {
			goroutines := v.numbers(`goroutines: +(\d+)`, 1)[0]
			threads := v.numbers(`hilos: +(\d+)`, 1)[0]
			if goroutines < 10_000 || threads > goroutines/10 {
				v.Errorf("%d goroutines on %d threads", goroutines, threads)
			}
		},
		"memoria-aislada": func(v view) {
			values := v.numbers(`contador = (\d+)`, 4)
			if [4]int(values) != [4]int{10, 10, 20, 10} {
				v.Errorf("the counter is %d", values)
			}
			if pids := v.numbers(`el proceso (\d+)`, 2); pids[0] != v.sessionPID() || pids[1] == pids[0] {
				v.Errorf("the processes %d, the session %d", pids, v.sessionPID())
			}
		},
		"fallo-aislado": all(matches(`Frágil \(pid \d+\)`), matches(`assignment to entry in nil map`), matches(`In \[\d+\]:3`),
			matches(`1 true\nla sesión \d+ sigue aquí, y contador vale 10\n`)),
		"memoria-y-kill": func(v view) {
			matches(`-9 true\n$`)(v)
			before := v.numbers(`ocupaba (\d+) MB`, 1)[0]
			if after := v.numbers(`ahora ocupa (\d+) MB`, 1)[0]; after >= before+200 {
				v.Errorf("the session grew from %d to %d MB with its child", before, after)
			}
		},
		"demonios":             all(matches(`paso 3\n`), matches(`Termina Trabajador 1, pid \d+\n`), matches(`Termina Trabajador 2, pid \d+\n`)),
		"demonio-sin-padre":    all(matches(`El padre acaba su función\n`), matches(`Termina Normal, pid \d+\n`), lacks("Termina Demonio")),
		"segundo-plano-inicio": matches(`la celda termina y el reloj sigue\n`),
		"segundo-plano-fin":    matches(`^Reloj - pid: \d+ - demonio: true\n¿sigue vivo el reloj\? false\n$`),
		"join-con-limite":      all(matches(`Termina Trabajador 1, pid \d+\n`), matches(`Termina Trabajador 2, pid \d+\n`)),
		"ventana-de-tiempo":    all(matches(`Se acabó el tiempo de Lento\n`), matches(`código de salida: -15 - terminó: true\n$`), lacks("Termina Lento")),
	}
}

// checkLessons checks the lessons of a notebook in its executed code cells,
// which are those of the stored notebook in the same order.
func checkLessons(t *testing.T, notebook string, stored, executed []cell) {
	t.Helper()
	cells := map[string]cell{}
	for i, c := range stored {
		cells[c.ID] = executed[i]
	}
	for id, check := range lessons(notebook) {
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

// checkPowers reports a child whose lines "label: number" are not the powers of
// the numbers from 0 to 9, in this order, whatever other lines are between them.
func checkPowers(v view, label string, exponent int) {
	v.Helper()
	for n, got := range v.numbers(`(?m)^`+label+`: (\d+)$`, 10) {
		want := 1
		for range exponent {
			want *= n
		}
		if got != want {
			v.Errorf("%s of %d is %d", label, n, got)
		}
	}
}

// checkDiagram wants a well-formed SVG, and words for those who do not see it.
func checkDiagram(v view) {
	decoder := xml.NewDecoder(strings.NewReader(v.shown(v.T, "image/svg+xml")))
	var words strings.Builder
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			v.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			words.Write(data)
		}
	}
	for _, word := range []string{"goroutines (G)", "permiso P", "hilo M", "procesador"} {
		if !strings.Contains(words.String(), word) {
			v.Errorf("the diagram does not name %q", word)
		}
	}
	if alt := v.shown(v.T, "text/plain"); alt == "" || strings.Contains(alt, "<") {
		v.Errorf("the diagram in words is %q", alt)
	}
}
