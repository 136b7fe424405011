package interp_test

import (
	"fmt"
	"strings"
	"testing"

	"cuaderno/interp/remains"
)

// TestRestoreAfterCellsThatDeclareNothing restores what cells declare after a first
// one that leaves nothing.
func TestRestoreAfterCellsThatDeclareNothing(t *testing.T) {
	for _, first := range []string{"println(1)", "import \"fmt\"\nfmt.Println(1)"} {
		n := newNotebook(t)
		n.run(first)
		n.crash()
		if got := n.session.Remains(); len(got) > 0 {
			t.Errorf("after %s there is %q to restore", first, got)
		}
		n.run("%restore")
		n.run(first)
		n.run("x := 5")
		n.crash()
		n.wants("%restore", "Restored x as after In [N].")
		n.wants("fmt.Println(x)", "5")
	}
}

// TestRestoreOfDamage has cells damage the file that sessions leave. The next session
// starts, tells so, and keeps what it has.
func TestRestoreOfDamage(t *testing.T) {
	const fd = 5 // of the file
	for _, test := range []struct {
		name, damages, want string
	}{
		{"beginning", fmt.Sprintf(`syscall.Write(%d, []byte("garbage garbage garbage\n\x00\xff\xff\xff\xff"))`, fd),
			"Not all that the session before has left can be read: reading what cells have declared: something has written to the file"},
		{"declarations", fmt.Sprintf("syscall.Pwrite(%d, []byte{0xff, 0xff, 0xff}, 20)", fd),
			"Not all that the session before has left can be read: reading what cells have declared: "},
		{"table", fmt.Sprintf("for at := int64(%d); at < %[1]d+4096; at++ { syscall.Pwrite(%d, []byte{0xff}, at) }", remains.Offset+128, fd),
			"Restored 1 declaration.\nDeclared, without the value that it had: x (what was kept of it cannot be read).\nNot all that the session before has left can be read: the table of contents of the remains is damaged.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNotebook(t)
			n.run("x := 5\nfunc f() int { return x }")
			n.run("x = 6") // a checkpoint that comes after this one would mend the table
			n.run(test.damages)
			n.crash()
			if got := n.run("%restore"); !strings.Contains(got, test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			n.wants("%restore", "There is nothing to restore: no session of this notebook has crashed since the last %restore.")
			n.run("x := 7\nfunc g() int { return 2 * x }")
			n.crash()
			if got := n.run("%restore"); !strings.Contains(got, "x as after In ") || strings.Contains(got, "Not all") {
				t.Error(got)
			}
			n.wants("fmt.Println(g())", "14")
		})
	}
}
