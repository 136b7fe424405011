package interp_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestRestoreBesideGoroutines reads variables while goroutines of earlier cells are at
// work.
func TestRestoreBesideGoroutines(t *testing.T) {
	for _, test := range []struct{ name, starts, shows string }{
		{"that loop", "for range 4 { go func() { for { mu.Lock(); n++; m[n%100] = n; xs = append(xs, n); mu.Unlock() } }() }", ""},
		{"that wait", "ch := make(chan int)\ngo func() { for x := range ch { n += x } }()\ngo func() { select {} }()", "ch <- 3"},
		{"that sleep", "go func() { for { time.Sleep(time.Millisecond); mu.Lock(); n++; m[n] = n; xs = append(xs, n); mu.Unlock() } }()", ""},
		{"that serve", "l, _ := net.Listen(\"tcp\", \"127.0.0.1:0\")\ngo http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++; m[n] = n; xs = append(xs, n) }))",
			"for range 5 { r, err := http.Get(\"http://\" + l.Addr().String()); if err != nil { panic(err) }; r.Body.Close() }"},
		{"that accept", "l, _ := net.Listen(\"tcp\", \"127.0.0.1:0\")\ngo func() { for { c, err := l.Accept(); if err != nil { return }; c.Close() } }()", "n++; m[n] = n; xs = append(xs, n)"},
		{"that read a pipe", "r, _, _ := os.Pipe()\ngo func() { r.Read(make([]byte, 1)) }()", "n++; m[n] = n; xs = append(xs, n)"},
		{"of a timer", "var tick func()\ntick = func() { mu.Lock(); n++; m[n] = n; xs = append(xs, n); mu.Unlock(); time.AfterFunc(time.Millisecond, tick) }\ntick()", ""},
		{"that wait in processes", "p := mp.NewProcess(func() { time.Sleep(time.Hour) })\np.Start()\ngo p.Join()", "n++; m[n] = n; xs = append(xs, n)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := newNotebook(t)
			n.run("var mu sync.Mutex\nn, m, xs := 0, map[int]int{}, []int{}\nfijo := 7")
			n.run(test.starts)
			for range 20 {
				n.run(test.shows)
			}
			n.crash()
			got := n.run("%restore")
			if !strings.Contains(got, "fijo") || strings.Contains(got, "at work") {
				t.Error(got)
			}
			check := "if n < 57 || n%3 != 0 { panic(n) }" // the last addition may not have been made
			if test.name != "that wait" {
				// Values are those between two statements, also where the lock was held.
				behind := 0
				if strings.Contains(got, "mu (a sync.Mutex, and it is locked)") {
					behind = 1
				}
				check = fmt.Sprintf("if d := n - len(xs); d < 0 || d > %d { panic(fmt.Sprint(n, len(xs))) }", behind)
			}
			n.wants(check+"\nfmt.Println(fijo)", "7")
		})
	}
}

// TestRestoreWhileCompiledCodeWorks keeps the checkpoint before.
func TestRestoreWhileCompiledCodeWorks(t *testing.T) {
	n := newNotebook(t)
	n.run("xs := make([]int, 1000)\nx := 1\nmas := []int{}")
	n.run("seguir := make(chan bool)\nvar parado atomic.Bool\nimport \"sync/atomic\"\nbase := make([]int, 30_000_000)\ngo func() { for i := range base { base[i] = (i * 7919) % 1_000_003 } ; seguir <- true; slices.SortFunc(base, cmp.Compare[int]); parado.Store(true) }()\n<-seguir")
	n.run("x = 2")
	n.crash()
	n.run("%restore")
	if got := strings.TrimSpace(n.run("fmt.Println(x, len(xs))")); got != "1 1000" && got != "2 1000" {
		t.Error(got)
	}
}
