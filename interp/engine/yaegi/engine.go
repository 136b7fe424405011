// Package yaegi runs cells with the interpreter traefik/yaegi v0.16.1, and is
// the only package that knows it.
//
// A cell is rewritten so that little of what yaegi does differently can be
// noticed (lowering), compiled as part of package main, and run. What yaegi
// gets wrong and how this package keeps it from users:
//
//   - a cancelled context makes closures return zero values for ever after: no
//     context reaches yaegi, stopping goes through checks in the code;
//   - panics escape from Eval: every Eval is guarded;
//   - each panic writes notes to yaegi's stderr: they are discarded, the
//     runtime keeps the stack;
//   - redefined functions do not reach their callers, redefined types are
//     ignored, a package imported twice is an error: each object has a name of
//     its own, functions are variables, each package is imported once;
//   - recovered values are reflect.Values and strings: the runtime turns them
//     into what Go would give.
//
// What it cannot keep from users is listed in docs/limits.md.
package yaegi

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"io"
	"reflect"
	"strings"
	"sync"

	"github.com/traefik/yaegi/interp"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/symbols"
)

// An Engine is an engine.Engine on yaegi.
type Engine struct {
	interp   *interp.Interpreter
	frames   *engine.Frames
	replaced map[string]map[string]reflect.Value

	names    *names
	declared map[types.Object]bool
	serial   int
	number   int // of the last function

	mu       sync.Mutex // guards the following, and yaegi while it compiles
	used     map[string]bool
	imported map[string]bool
	generics bool
	entries  map[*engine.Program]func()
}

// New returns an engine that notes its functions in frames. The symbols in
// replaced take the place of those of compiled packages, by import path.
func New(frames *engine.Frames, replaced map[string]map[string]reflect.Value) *Engine {
	e := &Engine{
		interp:   interp.New(interp.Options{Stdout: io.Discard, Stderr: io.Discard, Stdin: strings.NewReader("")}),
		frames:   frames,
		replaced: replaced,
		names:    newNames(),
		declared: map[types.Object]bool{},
		used:     map[string]bool{},
		imported: map[string]bool{},
		entries:  map[*engine.Program]func(){},
	}
	must(e.interp.Use(interp.Exports{"rtʹ/rtʹ": runtimeSymbols(replaced["print"])}))
	return e
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("cuaderno: binding symbols: %v", err))
	}
}

var _ engine.Engine = (*Engine)(nil)

// Lower rewrites u for yaegi. The error is a cell.Errors where it has a place.
func (e *Engine) Lower(u *check.Unit) (*engine.Program, error) {
	e.names.pkg = u.Pkg
	e.serial++
	l := &lowering{
		editor:   &editor{text: u.Cell.Text},
		unit:     u,
		names:    e.names,
		declared: e.declared,
		packages: map[string]bool{},
		needs:    map[string]bool{},
		indexed:  map[*ast.Ident]bool{},
		replaced: map[ast.Node]bool{},
		bare:     map[*ast.FuncLit]bool{},
		serial:   e.serial,
		frames:   e.number,
	}
	p, err := l.run()
	e.number = l.frames
	return p, err
}

// Declare compiles p and binds its functions.
func (e *Engine) Declare(p *engine.Program) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, path := range p.Packages {
		e.usePackage(path)
	}
	e.frames.Add(p.Frames)
	if err := e.compile(e.imports(p) + p.Decls); err != nil {
		return err
	}
	bind, err := e.entry(p.Bind)
	if err != nil {
		return err
	}
	bind()
	if p.Statements == "" {
		return nil
	}
	if err := e.compile(p.Statements); err != nil {
		return err
	}
	run, err := e.entry(p.Entry)
	if err != nil {
		return err
	}
	e.entries[p] = run
	return nil
}

// Prepare binds packages and compiles a first program.
func (e *Engine) Prepare(packages ...string) error {
	return e.Declare(&engine.Program{
		Packages: packages,
		Decls:    "func prepareʹ() { gʹ := rtʹ.Enter(0); rtʹ.At(gʹ, 0) }\n",
		Bind:     "prepareʹ",
	})
}

// Run runs the statements of p.
func (e *Engine) Run(p *engine.Program) {
	e.mu.Lock()
	run := e.entries[p]
	delete(e.entries, p)
	e.mu.Unlock()
	if run != nil {
		run()
	}
}

// Variables returns yaegi's package variables.
func (e *Engine) Variables() map[string]reflect.Value {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.interp.Globals()
}

// imports returns the import declarations that yaegi has not seen, on one line.
func (e *Engine) imports(p *engine.Program) string {
	var b strings.Builder
	add := func(name, path string) {
		if !e.imported[path] {
			e.imported[path] = true
			fmt.Fprintf(&b, "import %s %q; ", name, path)
		}
	}
	add("rtʹ", "rtʹ")
	for _, path := range p.Packages {
		if e.used[path] {
			add(imported(path), path)
		}
	}
	return b.String()
}

// usePackage binds a compiled package, if it is one that cells may use.
func (e *Engine) usePackage(path string) {
	if e.used[path] {
		return
	}
	if generic[path] {
		e.used[path] = true
		e.useGeneric()
		return
	}
	e.used[path] = e.bindPackage(path)
}

// bindPackage makes known what a package exports, with what takes the place of
// some of it. It reports whether there is such a package.
func (e *Engine) bindPackage(path string) bool {
	name, syms, ok := symbols.Package(path)
	if !ok {
		return false
	}
	if path == "fmt" {
		syms["_Stringer"] = reflect.ValueOf((*stringer)(nil))
	}
	e.bind(path, name, syms)
	e.bind(path, name, e.replaced[path])
	return true
}

// bind makes symbols known. The doubled slash keeps yaegi from putting its own
// print functions, logger and environment in place of those of fmt, log and os,
// which it does for the key "fmt/fmt".
func (e *Engine) bind(path, name string, syms map[string]reflect.Value) {
	if syms != nil {
		must(e.interp.Use(interp.Exports{path + "//" + name: syms}))
		must(e.interp.Use(interp.Exports{".": {"MapTypes": reflect.ValueOf(methodsSought(path, syms))}}))
	}
}

// generic are the packages of which yaegi interprets sources of its own.
var generic = map[string]bool{"cmp": true, "maps": true, "slices": true}

// useGeneric lets yaegi load those sources, which it does together with what
// bind avoids.
func (e *Engine) useGeneric() {
	if e.generics {
		return
	}
	e.generics = true
	must(e.interp.Use(interp.Exports{"fmt/fmt": nil}))
	for path := range e.used {
		if e.replaced[path] != nil {
			e.bindPackage(path)
		}
	}
}

// compile compiles source of package main.
func (e *Engine) compile(src string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = engineError(fmt.Errorf("%v", r))
		}
	}()
	_, err = e.interp.Eval("package main; " + src)
	if err != nil {
		return engineError(err)
	}
	return nil
}

func (e *Engine) entry(name string) (f func(), err error) {
	defer func() {
		if r := recover(); r != nil {
			err = engineError(fmt.Errorf("%v", r))
		}
	}()
	v, err := e.interp.Eval(name)
	if err != nil {
		return nil, engineError(err)
	}
	f, ok := v.Interface().(func())
	if !ok {
		return nil, engineError(fmt.Errorf("%s is a %s", name, v.Type()))
	}
	return f, nil
}

// errUnsupported is what is wrong when the checker accepts a cell and yaegi does
// not.
var errUnsupported = errors.New("this is correct Go, but the interpreter cannot run it yet, see docs/limits.md")

func engineError(err error) error {
	msg := strings.ReplaceAll(err.Error(), "ʹ", "")
	return fmt.Errorf("%w (%s)", errUnsupported, msg)
}
