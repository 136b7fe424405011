package interp_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"cuaderno/interp/lang"
)

// TestRestoreAfterKills kills sessions at any moment, while they run cells and while
// they write what they leave. What comes back is what there was after one of the
// last two cells that ended.
func TestRestoreAfterKills(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	n := newNotebook(t)
	n.run(`type P struct { N int; vecino *P }
n, xs, p := 0, []int{}, &P{}
p.vecino = p
q, grande, nombres := p, make([]int, 100_000), map[string]int{}
func paso() {
	n++
	xs = append(xs, n)
	q.N = n
	grande[n%len(grande)] = n
	nombres[fmt.Sprint(n)] = n
}
func revisa() {
	suma := 0
	for _, x := range grande { if x > 0 { suma++ } }
	if len(xs) != n || p.N != n || p != q || p.vecino != p || len(nombres) != n || suma != n { panic(fmt.Sprint(n, len(xs), p.N, len(nombres), suma)) }
	fmt.Println(n)
}`)
	n.run("") // the first checkpoint is whole
	rounds := 25
	if testing.Short() {
		rounds = 8
	}
	before := descriptors(t)
	steps := 0 // that are known to be in the values
	for range rounds {
		delay := time.Duration(random.IntN(20_000)) * time.Microsecond
		pid := n.session.PID()
		killed := time.AfterFunc(delay, func() { syscall.Kill(pid, syscall.SIGKILL) })
		ended := steps
		for {
			n.count++
			o := n.session.Execute(context.Background(), lang.Cell{Count: n.count, Code: "paso()"}, &recorder{})
			if o.Err != nil && o.Err.Name == lang.Crashed {
				break
			}
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			ended++
		}
		killed.Stop()
		<-n.session.Done()
		n.fresh()
		n.run("%restore")
		var got int
		if _, err := fmt.Sscan(n.run("revisa()"), &got); err != nil {
			t.Fatal(err)
		}
		if got < ended-1 || got > ended+1 {
			t.Fatalf("%d cells had ended, and the values are those after %d", ended, got)
		}
		steps = got
	}
	if after := descriptors(t); after > before+2 {
		t.Errorf("%d descriptors are open, and were %d before %d crashes", after, before, rounds)
	}
	t.Logf("%d cells, %d sessions", steps, rounds)
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
