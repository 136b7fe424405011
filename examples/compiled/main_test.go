//go:build unix

package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestProgram(t *testing.T) {
	modes := []string{"default", "pie"}
	if testing.Short() {
		modes = modes[:1] // the standard library would be built again
	}
	for _, mode := range modes {
		program := filepath.Join(t.TempDir(), "compiled")
		if out, err := exec.Command("go", "build", "-buildmode="+mode, "-o", program, ".").CombinedOutput(); err != nil {
			t.Fatalf("building it (%s): %v\n%s", mode, err, out)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, program).CombinedOutput()
		if err != nil {
			t.Errorf("running it (%s): %v", mode, err)
		}
		const want = `square 1 1
square 2 4
square 3 9
norm {3 4} 25
I am Process-3
total 10000 results 30
cubes [1 8 27 64 125]
`
		if string(out) != want {
			t.Errorf("%s: it writes\n%s", mode, out)
		}
	}
}
