package history_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// Bytes of the file are changed anywhere: no answer is lost that memory has, and
// nothing panics, faults or hangs.
func TestDamagedFile(t *testing.T) {
	f := newFixture(t)
	var inputs []string
	for i := range 400 {
		inputs = append(inputs, fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%90*20)))
	}
	f.session(inputs...)
	sound, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for round := range rounds {
		damaged := append([]byte(nil), sound...)
		for range 1 + random.IntN(40) {
			page := random.IntN(len(damaged) / 4096)
			at := page*4096 + random.IntN(4096)
			if random.IntN(2) == 0 {
				at = page*4096 + random.IntN(32) // its header
			}
			damaged[at] = byte(random.IntN(256))
		}
		if random.IntN(8) == 0 {
			damaged = damaged[:random.IntN(len(damaged))]
		}
		if err := os.WriteFile(f.path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		h := f.open()
		h.Add(1, "mine")
		mine := false
		for _, c := range h.Tail(1 << 20) {
			mine = mine || c.Input == "mine"
		}
		if !mine {
			t.Errorf("round %d: the own cell is lost", round)
		}
		h.Search("*9*", 5, true)
		h.Close()
	}
}
