package notebooks

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// processLessons are those of the course's first part: one process, several,
// their ends, and goroutines beside them.
func processLessons() map[string]lesson {
	return map[string]lesson{
		"secuencial-cuadrado": func(v view) {
			checkPowers(v, "cuadrado", 2)
		},
		"secuencial-cuadrado-cubo": func(v view) {
			checkPowers(v, "cuadrado", 2)
			checkPowers(v, "cubo", 3)
		},
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
		"pid-ppid": func(v view) {
			if ppid := v.numbers(`proceso padre: +(\d+)`, 1)[0]; ppid == v.sessionPID() {
				v.Errorf("the session %d is its own parent", ppid)
			}
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
		"diagrama": diagram("goroutines (G)", "permiso P", "hilo M", "procesador"),
		"goroutines-hilos": func(v view) {
			goroutines := v.numbers(`goroutines: +(\d+)`, 1)[0]
			threads := v.numbers(`hilos: +(\d+)`, 1)[0]
			if goroutines < 10_000 || threads > goroutines/10 {
				v.Errorf("%d goroutines on %d threads", goroutines, threads)
			}
		},
		"gomaxprocs": matches(`^con 1 P: +[\d.]+m?s\ncon \d+ P: +[\d.]+m?s\n$`),
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
		"costo":                matches(`^una goroutine: +[\d.]+.?s\nun proceso: +[\d.]+.?s\n$`),
		"demonios":             all(matches(`paso 3\n`), matches(`Termina Trabajador 1, pid \d+\n`), matches(`Termina Trabajador 2, pid \d+\n`)),
		"demonio-sin-padre":    all(matches(`El padre acaba su función\n`), matches(`Termina Normal, pid \d+\n`), lacks("Termina Demonio")),
		"segundo-plano-inicio": matches(`la celda termina y el reloj sigue\n`),
		"segundo-plano-fin":    matches(`^Reloj - pid: \d+ - demonio: true\n¿sigue vivo el reloj\? false\n$`),
		"join-con-limite":      all(matches(`Termina Trabajador 1, pid \d+\n`), matches(`Termina Trabajador 2, pid \d+\n`)),
		"ventana-de-tiempo":    all(matches(`Se acabó el tiempo de Lento\n`), matches(`código de salida: -15 - terminó: true\n$`), lacks("Termina Lento")),
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

// diagram is the lesson of a cell that shows a well-formed SVG with the given
// labels, and words for those who do not see it.
func diagram(labels ...string) lesson {
	return func(v view) {
		v.Helper()
		checkDiagram(v, labels)
	}
}

func checkDiagram(v view, labels []string) {
	v.Helper()
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
	for _, label := range labels {
		if !strings.Contains(words.String(), label) {
			v.Errorf("the diagram does not name %q", label)
		}
	}
	if alt := v.shown(v.T, "text/plain"); alt == "" || strings.Contains(alt, "<") {
		v.Errorf("the diagram in words is %q", alt)
	}
}
