package remains_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cuaderno/internal/shm"
	"cuaderno/interp/remains"
)

func newFile(t *testing.T) *os.File {
	t.Helper()
	f, err := shm.NewFile()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func open(t *testing.T, f *os.File) (*remains.Store, *remains.Table) {
	t.Helper()
	s, table, err := remains.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	return s, table
}

func entry(name string) remains.Entry {
	return remains.Entry{Variables: []remains.Variable{{Unit: 1, Name: name}}}
}

// TestCommits replaces values of any size by others many times. Each commit is read
// whole, by a reader and by the writer that comes next; the one before stays whole
// until then.
func TestCommits(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	f := newFile(t)
	s, table := open(t, f)
	want := map[string][]byte{}
	for round := range 300 {
		next := &remains.Table{Cell: round, Declarations: round, Entries: slices.Clone(table.Entries)}
		messages := map[int][]byte{}
		before := want
		want = map[string][]byte{}
		for name, data := range before {
			want[name] = data
		}
		for range random.IntN(4) {
			i := random.IntN(len(next.Entries) + 1)
			if i == len(next.Entries) {
				next.Entries = append(next.Entries, entry(string(rune('a'+i%26))+strings.Repeat("x", i/26)))
			}
			data := bytes.Repeat([]byte{byte(round)}, random.IntN(300_000)+1)
			messages[i], want[next.Entries[i].Variables[0].Name] = data, data
		}
		check(t, f, table, before)
		if err := s.Commit(next, messages); err != nil {
			t.Fatal(err)
		}
		if random.IntN(10) == 0 {
			s, _ = open(t, f)
		}
		if random.IntN(3) == 0 {
			next.Cell += 1000
			if err := s.Mark(next.Cell); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if table, err = remains.Read(f); err != nil {
			t.Fatal(err)
		}
		if table.Cell != next.Cell || table.Declarations != round {
			t.Fatalf("read %+v, committed %+v", table, next)
		}
		check(t, f, table, want)
	}
}

// check reads the values of a table.
func check(t *testing.T, f *os.File, table *remains.Table, want map[string][]byte) {
	t.Helper()
	if len(table.Entries) != len(want) {
		t.Fatalf("%d entries, want %d", len(table.Entries), len(want))
	}
	for _, e := range table.Entries {
		data, err := remains.Load(f, e)
		if err != nil || !bytes.Equal(data, want[e.Variables[0].Name]) {
			t.Fatalf("%v has %d bytes, %v", e.Variables, len(data), err)
		}
	}
}

// TestTornCommit has a writer die at the end of a commit, before its slot is whole.
func TestTornCommit(t *testing.T) {
	f := newFile(t)
	s, table := open(t, f)
	table.Entries = []remains.Entry{entry("a")}
	slots := func() []byte {
		b := make([]byte, 128)
		if _, err := f.ReadAt(b, remains.Offset); err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, data := range []string{"uno", "dos", "tres"} {
		if err := s.Commit(table, map[int][]byte{0: []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	before := slots()
	if err := s.Commit(table, map[int][]byte{0: []byte("cuatro")}); err != nil {
		t.Fatal(err)
	}
	after := slots()
	for n := range after {
		if _, err := f.WriteAt(append(after[:n:n], before[n:]...), remains.Offset); err != nil {
			t.Fatal(err)
		}
		read, err := remains.Read(f)
		if err != nil {
			t.Fatal(err)
		}
		data, err := remains.Load(f, read.Entries[0])
		if err != nil || string(data) != "tres" && string(data) != "cuatro" {
			t.Fatalf("with %d bytes of the slots, %q, %v", n, data, err)
		}
	}
}

// TestMarkBeforeTheFirstCommit leaves nothing, as it was.
func TestMarkBeforeTheFirstCommit(t *testing.T) {
	f := newFile(t)
	s, _ := open(t, f)
	if err := s.Mark(1); err != nil {
		t.Fatal(err)
	}
	if table, err := remains.Read(f); err != nil || len(table.Entries) > 0 {
		t.Errorf("%v, %v", table, err)
	}
	open(t, f)
}

// TestDamage begins anew in a file whose last commit cannot be read.
func TestDamage(t *testing.T) {
	f := newFile(t)
	s, table := open(t, f)
	table.Entries = []remains.Entry{entry("a")}
	if err := s.Commit(table, map[int][]byte{0: []byte("uno")}); err != nil {
		t.Fatal(err)
	}
	x := table.Entries[0]
	if _, err := f.WriteAt([]byte("damage"), x.Offset+x.Length); err != nil { // the table follows
		t.Fatal(err)
	}
	if _, err := remains.Read(f); !errors.Is(err, remains.ErrDamaged) {
		t.Fatal(err)
	}
	s, table, err := remains.Open(f)
	if !errors.Is(err, remains.ErrDamaged) || s == nil || len(table.Entries) > 0 {
		t.Fatal(s, table, err)
	}
	table.Entries = []remains.Entry{entry("b")}
	if err := s.Commit(table, map[int][]byte{0: []byte("dos")}); err != nil {
		t.Fatal(err)
	}
	read, err := remains.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := remains.Load(f, read.Entries[0]); err != nil || string(data) != "dos" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestLines(t *testing.T) {
	v := func(unit int, name string) remains.Variable { return remains.Variable{Unit: unit, Name: name} }
	table := &remains.Table{
		Cell: 7, Declarations: 12,
		Entries: []remains.Entry{
			{Variables: []remains.Variable{v(3, "total"), v(1, "n"), {Unit: 1, Name: "vieja", Hidden: true}}},
			{Variables: []remains.Variable{v(2, "antes")}, Cell: 4},
		},
		Lost: []remains.Loss{{Variable: v(1, "ch"), Why: "a channel"}},
	}
	want := "%restore brings back 12 declarations, and antes as after In [4], and n, total as after In [7].\nIt cannot bring back ch (a channel)."
	if got := strings.Join(table.Lines(), "\n"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (&remains.Table{}).Lines(); got != nil {
		t.Errorf("of nothing %q is said", got)
	}
}

// TestEntryThatSessionsDieOf has an entry tried twice.
func TestEntryThatSessionsDieOf(t *testing.T) {
	f := newFile(t)
	s, _ := open(t, f)
	table := &remains.Table{Cell: 1, Entries: []remains.Entry{entry("good"), entry("bad")}}
	check := func(restored, lost string) {
		t.Helper()
		found, err := remains.Read(f)
		if err != nil || found.Restored() != restored || found.Losses() != lost {
			t.Errorf("restored %q, lost %q, %v", found.Restored(), found.Losses(), err)
		}
	}
	if err := s.Commit(table, map[int][]byte{0: {1}, 1: {2}}); err != nil {
		t.Fatal(err)
	}
	for tries := range 2 {
		check("bad, good as after In [1]", "")
		table.Entries[1].Tries = tries + 1
		if err := s.Commit(table, nil); err != nil {
			t.Fatal(err)
		}
	}
	check("good as after In [1]", "bad (bringing it back ended the session, twice)")
}
