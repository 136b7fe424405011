package yaegi

import (
	"fmt"
	"go/types"
	"strings"
)

// names gives each object of the session a name of its own, so that what is
// declared again does not meet what it replaces. No name that a user writes
// contains the mark ʹ.
type names struct {
	pkg  *types.Package
	of   map[types.Object]string
	next map[string]int
}

func newNames() *names {
	return &names{of: map[types.Object]string{}, next: map[string]int{}}
}

// object returns the name of a package-level object of the session.
func (n *names) object(obj types.Object) string {
	name, ok := n.of[obj]
	if !ok {
		n.next[obj.Name()]++
		name = fmt.Sprintf("%sʹ%d", obj.Name(), n.next[obj.Name()])
		n.of[obj] = name
	}
	return name
}

// method returns the name of the variable that a method's body is bound to.
func (n *names) method(recv *types.TypeName, m *types.Func) string {
	return n.object(recv) + "_" + m.Name() + "ʹ"
}

// imported returns the name under which every program imports path.
func imported(path string) string {
	var b strings.Builder
	for _, r := range path {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	return b.String() + "ʹ"
}

// isSession reports whether obj is a package-level object of the session.
func (n *names) isSession(obj types.Object) bool {
	return obj != nil && obj.Pkg() == n.pkg && n.pkg != nil && obj.Parent() == n.pkg.Scope()
}
