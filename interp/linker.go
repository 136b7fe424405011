package interp

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"cuaderno/internal/codec"
	"cuaderno/interp/engine/compiled"
	"cuaderno/mpruntime"
)

// A linker implements codec.Symbols: the names of what cells declare, and of what
// compiled packages do. What a name speaks of is declared when it is first met.
//
// A function of the notebook brings, behind what it has captured, the global
// variables that it can reach, as they are in the sender: a receiver that has met a
// variable already keeps its own.
type linker struct {
	*evaluator
	functions sync.Map // compiled.Reference → functionName
}

// A functionName is what a function is called, as long as no further unit is
// loaded.
type functionName struct {
	loads   uint64
	name    string
	globals []compiled.Variable
}

// TypeName implements codec.Symbols.
func (l *linker) TypeName(t reflect.Type) (string, bool) { return l.engine.TypeName(t) }

// TypeNamed implements codec.Symbols.
func (l *linker) TypeNamed(name string) reflect.Type {
	var serials []int
	for rest := name; ; {
		_, after, ok := strings.Cut(rest, "#")
		if !ok {
			break
		}
		number, _, _ := strings.Cut(after, ".")
		if serial, err := strconv.Atoi(number); err == nil {
			serials = append(serials, serial)
		}
		rest = after
	}
	if l.declare(serials...) != nil {
		return nil
	}
	return l.engine.TypeNamed(name)
}

// Cell returns the cell that declares a type as people know it, "" if that is not
// known.
func (l *linker) Cell(t reflect.Type) string {
	name, _ := l.engine.TypeName(t)
	_, unit, _ := strings.Cut(name, "#")
	number, _, _ := strings.Cut(unit, ".")
	serial, err := strconv.Atoi(number)
	if err != nil || l.log == nil {
		return ""
	}
	if d, err := l.log.find(serial); err == nil && d != nil && d.Shown {
		return fmt.Sprintf("In [%d]", d.Count)
	}
	return ""
}

// FunctionName implements codec.Symbols. The name is the import path and the name
// of a compiled function, separated by a space, or UNIT.NUMBER, followed by a
// space and UNIT.NAME for each global variable and UNIT. for each cell that it can
// reach.
func (l *linker) FunctionName(v reflect.Value) (string, []reflect.Value, error) {
	f, err := l.engine.Function(v)
	if err != nil {
		return "", nil, err
	}
	if f.Package != "" {
		return ownName(f), nil, nil
	}
	n := l.named(f)
	captures := f.Captures
	for _, g := range n.globals {
		v, err := l.engine.Variable(g)
		if err != nil {
			return "", nil, err
		}
		captures = append(captures, v.Addr())
	}
	return n.name, captures, nil
}

// CaptureName implements codec.CaptureNamer.
func (l *linker) CaptureName(v reflect.Value, i int) string {
	f, err := l.engine.Function(v)
	if err != nil {
		return "captured variable"
	}
	own := len(f.Captured)
	globals := l.named(f).globals
	switch {
	case i < own && f.Literal:
		return "captured variable " + f.Captured[i]
	case i < own:
		return "receiver"
	case i-own < len(globals):
		return "global variable " + globals[i-own].Name
	}
	return "captured variable"
}

// ownName is the name of a function without the variables that it can reach.
func ownName(f compiled.Function) string {
	if f.Package != "" {
		return f.Package + " " + strings.TrimPrefix(f.Name, f.Package+".")
	}
	return fmt.Sprintf("%d.%d", f.Unit, f.Number)
}

func (l *linker) named(f compiled.Function) functionName {
	loads := l.engine.Loads()
	if known, ok := l.functions.Load(f.Reference); ok && known.(functionName).loads == loads {
		return known.(functionName)
	}
	reach := l.engine.NewReach()
	reach.Function(f)
	n := functionName{loads: loads, globals: reach.Variables()}
	var b strings.Builder
	b.WriteString(ownName(f))
	for _, g := range n.globals {
		fmt.Fprintf(&b, " %d.%s", g.Unit, g.Name)
	}
	units := reach.Units()
	for _, unit := range units {
		fmt.Fprintf(&b, " %d.", unit)
	}
	l.engine.Pin(units...)
	n.name = b.String()
	l.functions.Store(f.Reference, n)
	return n
}

// A link is a parsed name of a function of the notebook.
type link struct {
	function compiled.Reference
	globals  []compiled.Variable
}

// link declares what a name speaks of.
func (l *linker) link(name string) (link, error) {
	var to link
	var units []int
	for i, word := range strings.Fields(name) {
		number, of, ok := strings.Cut(word, ".")
		unit, err := strconv.Atoi(number)
		if err != nil || !ok {
			return to, fmt.Errorf("%q names no function", name)
		}
		units = append(units, unit)
		if i > 0 {
			if of != "" {
				to.globals = append(to.globals, compiled.Variable{Unit: unit, Name: of})
			}
			continue
		}
		n, err := strconv.Atoi(of)
		if err != nil {
			return to, fmt.Errorf("%q names no function", name)
		}
		to.function = compiled.Reference{Unit: unit, Number: n}
	}
	return to, l.declare(units...)
}

// compiledFunction returns import path and name, if a name has these.
func compiledFunction(name string) (path, function string, ok bool) {
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		return "", "", false
	}
	path, function, ok = strings.Cut(name, " ")
	return path, function, ok
}

// Captures implements codec.Symbols.
func (l *linker) Captures(name string) ([]reflect.Type, error) {
	if _, _, ok := compiledFunction(name); ok {
		return nil, nil
	}
	to, err := l.link(name)
	if err != nil {
		return nil, err
	}
	list, err := l.engine.Captures(to.function)
	if err != nil {
		return nil, err
	}
	for _, g := range to.globals {
		t, err := l.engine.VariableType(g)
		if err != nil {
			return nil, err
		}
		list = append(list, reflect.PointerTo(t))
	}
	return list, nil
}

// FunctionNamed implements codec.Symbols.
func (l *linker) FunctionNamed(name string, captures []reflect.Value) (reflect.Value, error) {
	if path, function, ok := compiledFunction(name); ok {
		return l.engine.HostFunction(path, function)
	}
	to, err := l.link(name)
	if err != nil {
		return reflect.Value{}, err
	}
	own := len(captures) - len(to.globals)
	if own < 0 {
		return reflect.Value{}, fmt.Errorf("%q lacks variables", name)
	}
	for i, g := range to.globals {
		if p := captures[own+i]; !p.IsNil() {
			if err := l.engine.Adopt(g, p); err != nil {
				return reflect.Value{}, err
			}
		}
	}
	return l.engine.Find(to.function, captures[:own])
}

// domain returns what messages know with these symbols.
func domain(s codec.Symbols) *codec.Domain {
	d := mpruntime.NewDomain(s)
	d.Own = func(path string) bool { return path == "main" || path == "cuaderno/mpruntime" }
	return d
}
