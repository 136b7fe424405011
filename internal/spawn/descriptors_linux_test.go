package spawn_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cuaderno/internal/spawn"
)

func TestChildInheritsOnlyWhatIsListed(t *testing.T) {
	r, w, err := spawn.NewLifeline()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	other, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	passedThrough := notCloseOnExec(t)
	out := newRecord()
	p := start(t, spawn.Spec{Lifeline: r, Stdout: out.add}, "descriptors")
	p.Wait()
	p.Drain()
	var kinds []string
	for line := range strings.Lines(out.String()) {
		number, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(kind, "/sys/") || passedThrough[number] {
			continue // its runtime's own, or what this test binary was itself started with
		}
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	// stdin and stderr, the lifeline and stdout, the control connection.
	want := []string{"/dev/null", "/dev/null", "pipe", "pipe", "socket"}
	if !slices.Equal(kinds, want) {
		t.Errorf("the process holds %v, want %v:\n%s", kinds, want, out.String())
	}
}

// notCloseOnExec returns the descriptors above 4 that every process started here
// inherits, because this one inherited them so.
func notCloseOnExec(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fdinfo")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 4 {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + e.Name())
		if err != nil {
			continue // the listing's own
		}
		for line := range strings.Lines(string(info)) {
			value, ok := strings.CutPrefix(line, "flags:")
			if !ok {
				continue
			}
			if flags, err := strconv.ParseUint(strings.TrimSpace(value), 8, 64); err == nil && flags&syscall.O_CLOEXEC == 0 {
				found[e.Name()] = true
			}
		}
	}
	return found
}
