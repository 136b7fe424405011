package notebooks

import (
	"slices"
	"testing"
)

// solutionLessons are those of the solved exercises.
func solutionLessons() map[string]lesson {
	return map[string]lesson{
		"ejercicio-1-funciones": prints(""),
		"ejercicio-1-procesos": func(v view) {
			matches(`funP1 - pid: \d+ - pid del padre: \d+ - resultado: 10\n`)(v)
			matches(`funP2 - pid: \d+ - pid del padre: \d+ - resultado: 24\n`)(v)
			matches(`funP3 - pid: \d+ - pid del padre: \d+ - resultado: 1\.5\n`)(v)
			parents := v.numbers(`pid del padre: (\d+)`, 3)
			for _, pid := range v.numbers(`- pid: (\d+)`, 3) {
				if slices.Contains(parents, pid) {
					v.Errorf("the process %d is its own parent or another's", pid)
				}
			}
			if len(slices.Compact(parents)) != 1 {
				v.Errorf("the parents are %d", parents)
			}
			chosen := v.numbers(`termino a funP(\d)\n`, 1)[0]
			for i, code := range v.numbers(`código de salida: (-?\d+)\n`, 3) {
				if want := map[bool]int{true: -15, false: 0}[i+1 == chosen]; code != want {
					v.Errorf("the exit code of funP%d is %d, want %d", i+1, code, want)
				}
			}
		},
		"ejercicio-1-cero": all(contains("con float64: +Inf\n0 true\n"), contains("integer divide by zero"), matches(`In \[\d+\]:6`),
			contains("1 true\n")),
		"ejercicio-2-dos-tuberias": prints("por la tubería 1: saludos del primer hijo\npor la tubería 2: saludos del segundo hijo\n"),
		"ejercicio-2-wait":         matches(`^(llega: saludos del (primer|segundo) hijo\n){2}$`),
		"ejercicio-2-una-tuberia":  all(contains("saludos de hijo 1 <nil>\n"), contains("saludos de hijo 2 <nil>\n")),
		"ejercicio-3-dos-tuberias": prints("hijo 1 leyó: MENSAJE NÚMERO 1 <nil>\nhijo 2 leyó: MENSAJE NÚMERO 2 <nil>\n"),
		"ejercicio-3-compartida": func(v view) {
			for _, pattern := range []string{`hijo (\d) leyó`, `MENSAJE NÚMERO (\d) <nil>\n`} {
				if found := v.numbers(pattern, 2); found[0]+found[1] != 3 {
					v.Errorf("%s: %d, want 1 and 2", pattern, found)
				}
			}
		},
	}
}

func TestSolutionsSolveEachExercise(t *testing.T) {
	solved := map[string]bool{}
	for _, c := range readNotebook(t, "soluciones.ipynb") {
		solved[c.ID[:min(len(c.ID), len("ejercicio-N"))]] = true
	}
	exercises := 0
	for _, c := range readNotebook(t, "multiprocessing.ipynb") {
		if len(c.ID) > len("ejercicio-N") && c.ID[len("ejercicio-N"):] == "-inicio" {
			exercises++
			if !solved[c.ID[:len("ejercicio-N")]] {
				t.Errorf("no solution of %s", c.ID)
			}
		}
	}
	if exercises != 3 {
		t.Errorf("the course has %d exercises, want 3", exercises)
	}
}
