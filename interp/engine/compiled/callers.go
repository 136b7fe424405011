package compiled

import (
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/cell"
	"cuaderno/interp/engine"
)

// This file answers what cells ask package runtime about their stack. Program
// counters of the notebook's functions are numbers of ours that no machine code
// has: a range for each body, two for each of its positions, as if calls were one
// byte long.

// firstCounter is outside the memory of processes.
const firstCounter uintptr = 1 << 62

// counters hands out program counters. It is safe for concurrent use.
type counters struct {
	mu     sync.Mutex
	next   uintptr
	bodies []*countedBody // in the order of their counters
	known  map[*body]*countedBody
}

// A countedBody is a body that has program counters. What follows its header is
// laid out as runtime.funcinl, which methods of runtime.Func take for a function
// that was inlined.
type countedBody struct {
	described funcinl
	body      *body
	end       uintptr
}

type funcinl struct {
	ones            uint32
	entry           uintptr
	name, file      string
	line, startLine int32
}

func (b *countedBody) runtimeFunc() *runtime.Func { return (*runtime.Func)(unsafe.Pointer(b)) }

// of returns the counters of b.
func (c *counters) of(b *body) *countedBody {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.known[b]; known != nil {
		return known
	}
	if c.known == nil {
		c.known, c.next = map[*body]*countedBody{}, firstCounter
	}
	p := b.fn.engine.position(b, declaration(b))
	counted := &countedBody{body: b, described: funcinl{
		ones: ^uint32(0), entry: c.next, name: qualifiedName(b), file: fileName(p), line: int32(p.Line), startLine: int32(p.Line),
	}}
	c.next += 2 * uintptr(len(b.positions)+1)
	counted.end = c.next
	c.known[b] = counted
	c.bodies = append(c.bodies, counted)
	return counted
}

// find returns the body that has the counter pc, nil if none has.
func (c *counters) find(pc uintptr) *countedBody {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := sort.Search(len(c.bodies), func(i int) bool { return c.bodies[i].end > pc })
	if i == len(c.bodies) || pc < c.bodies[i].described.entry {
		return nil
	}
	return c.bodies[i]
}

// position returns where the instruction at a counter of b comes from.
func (b *countedBody) position(pc uintptr) (file string, line int) {
	i := int(pc-b.described.entry)/2 - 1
	if i < 0 {
		return b.described.file, int(b.described.line)
	}
	p := b.body.fn.engine.position(b.body, callSite{b: b.body, pc: int32(i)}.pos())
	return fileName(p), p.Line
}

// fileName is the name of a file in a stack trace.
func fileName(p token.Position) string {
	if p.Filename == "" {
		return "??"
	}
	return p.Filename
}

// position resolves a position in the code of b.
func (e *Engine) position(b *body, pos token.Pos) token.Position {
	switch {
	case b.ssa == nil:
		return token.Position{}
	case isLibrary(b.ssa):
		return e.builder.importer.FileSet().Position(pos)
	}
	return e.fset.Position(pos)
}

// isLibrary reports whether fn is of the generic source of a compiled package.
func isLibrary(fn *ssa.Function) bool {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn.Pkg != nil && fn.Pkg.Pkg.Path() != "main" || fn.Object() != nil && fn.Object().Pkg() != nil && fn.Object().Pkg().Path() != "main"
}

// declaration returns where the function of b is declared.
func declaration(b *body) token.Pos {
	if b.ssa == nil {
		return token.NoPos
	}
	if syntax := b.ssa.Syntax(); syntax != nil {
		return syntax.Pos()
	}
	return b.ssa.Pos()
}

// qualifiedName is the name of the function of b with its package, as in package
// runtime.
func qualifiedName(b *body) string {
	name, pkg := b.fn.name, "main"
	if name == "" {
		name = "main"
	}
	fn := b.ssa
	if fn == nil {
		return pkg + "." + name
	}
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if fn != b.ssa && fn.Name() == cell.BodyName {
		return "main.main." + name
	}
	instance := fn.Origin() != nil
	if instance {
		fn = fn.Origin()
	}
	if fn.Object() != nil && fn.Object().Pkg() != nil {
		pkg = fn.Object().Pkg().Path()
	}
	if i := strings.IndexByte(name, '['); i < 0 && instance {
		own, rest, literal := strings.Cut(name, ".func")
		if name = own + "[...]"; literal {
			name += ".func" + rest
		}
	}
	if n, ok := strings.CutPrefix(name, "init#"); ok {
		if i, err := strconv.Atoi(n); err == nil {
			name = "init." + strconv.Itoa(i-1)
		}
	}
	return pkg + "." + name
}

// counter returns the program counter after the call that site is.
func (e *Engine) counter(site callSite) uintptr {
	if site.b == nil {
		return site.runtime
	}
	return e.counters.of(site.b).described.entry + 2*uintptr(site.pc+1) + 1
}

// callers returns the program counters of the calls that have led to the
// function of the notebook that calls the running compiled function.
func (e *Engine) callers() []uintptr {
	th, _ := current()
	sites := callSites(th.top)
	pcs := make([]uintptr, len(sites))
	for i, site := range sites {
		pcs[i] = e.counter(site)
	}
	return pcs
}

// frameOf describes the call before the program counter pc.
func (e *Engine) frameOf(pc uintptr) runtime.Frame {
	b := e.counters.find(pc - 1)
	if b == nil {
		frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
		return frame
	}
	file, line := b.position(pc - 1)
	return runtime.Frame{PC: pc - 1, Func: b.runtimeFunc(), Function: b.described.name, File: file, Line: line, Entry: b.described.entry}
}

// frames are the Frames of a cell. For compiled code they are at their end: the
// first word of runtime.Frames leads to the counters that are left.
type frames struct {
	runtime.Frames
	left []runtime.Frame
}

// framesMark is what the first word of frames points to.
var framesMark [1]uintptr

func (e *Engine) callersFrames(pcs []uintptr) *runtime.Frames {
	f := &frames{}
	*(*[]uintptr)(unsafe.Pointer(f)) = framesMark[:0]
	for _, pc := range pcs {
		f.left = append(f.left, e.frameOf(pc))
	}
	return &f.Frames
}

func nextFrame(all *runtime.Frames) (frame runtime.Frame, more bool) {
	if *(*unsafe.Pointer)(unsafe.Pointer(all)) != unsafe.Pointer(&framesMark) {
		return all.Next()
	}
	f := (*frames)(unsafe.Pointer(all))
	if len(f.left) == 0 {
		return runtime.Frame{}, false
	}
	frame, f.left = f.left[0], f.left[1:]
	return frame, len(f.left) > 0
}

// stackText is the stack of the calling goroutine as package runtime prints it.
func (e *Engine) stackText() []byte {
	var text strings.Builder
	head := make([]byte, 64)
	first, _, _ := strings.Cut(string(head[:runtime.Stack(head, false)]), "\n")
	text.WriteString(first + "\n")
	for _, pc := range e.callers() {
		f := e.frameOf(pc)
		name, arguments := f.Function, "(...)"
		if name == "runtime.gopanic" {
			name = "panic"
		} else if b := e.counters.find(pc - 1); b != nil && len(b.body.layout.params) == 0 {
			arguments = "()"
		}
		text.WriteString(name + arguments + "\n\t" + filepath.ToSlash(f.File) + ":" + strconv.Itoa(f.Line) + " +0x" + strconv.FormatUint(uint64(pc-f.Entry), 16) + "\n")
	}
	return []byte(text.String())
}

// funcPointer is reflect.Value.Pointer: functions of the notebook that have one
// type have one code, which says nothing of them.
func (e *Engine) funcPointer(v reflect.Value) uintptr {
	if v.Kind() == reflect.Func && !v.IsNil() && v.CanInterface() {
		if fn := trampolineOf(v.Type()).function(objectOf(v)); fn != nil {
			return e.counters.of(fn.fn.compiled()).described.entry
		}
	}
	return v.Pointer()
}

// callerFunctions are the functions of compiled packages that look at the stack, or
// at what it keeps from being collected, as cells have them, by import path and
// name.
func (e *Engine) callerFunctions() map[string]map[string]reflect.Value {
	functions := map[string]map[string]any{
		"runtime": {
			"Caller": func(skip int) (pc uintptr, file string, line int, ok bool) {
				pcs := e.callers()
				if skip < 0 || skip >= len(pcs) {
					return 0, "", 0, false
				}
				f := e.frameOf(pcs[skip])
				return pcs[skip], f.File, f.Line, true
			},
			"Callers": func(skip int, to []uintptr) int {
				if skip == 0 {
					self := reflect.ValueOf(runtime.Callers).Pointer() + 1
					return copy(to, append([]uintptr{self}, e.callers()...))
				}
				pcs := e.callers()
				return copy(to, pcs[min(skip-1, len(pcs)):])
			},
			"CallersFrames":  e.callersFrames,
			"(*Frames).Next": nextFrame,
			"FuncForPC": func(pc uintptr) *runtime.Func {
				if b := e.counters.find(pc); b != nil {
					return b.runtimeFunc()
				}
				return runtime.FuncForPC(pc)
			},
			"(*Func).FileLine": func(f *runtime.Func, pc uintptr) (string, int) {
				if b := e.counters.find(pc); b != nil && b.runtimeFunc() == f {
					return b.position(pc)
				}
				return f.FileLine(pc)
			},
			"Stack": func(to []byte, _ bool) int { return copy(to, e.stackText()) },
			"GC":    collect,
		},
		"runtime/debug": {
			"FreeOSMemory": freeMemory,
			"Stack":        e.stackText,
			"PrintStack": func() {
				if g := engine.Current(); g != nil {
					g.Cell.Out.Stderr(e.stackText())
					return
				}
				debug.PrintStack()
			},
		},
		"reflect": {"Value.Pointer": e.funcPointer},
	}
	out := map[string]map[string]reflect.Value{}
	for path, list := range functions {
		out[path] = map[string]reflect.Value{}
		for name, f := range list {
			out[path][name] = reflect.ValueOf(f)
		}
	}
	return out
}

// runtimeFrames returns the calls of package runtime from a panic to where it
// began. The function that recovers calls it.
func runtimeFrames(skip int) []callSite {
	var pcs [8]uintptr
	var sites []callSite
	for _, pc := range pcs[:runtime.Callers(skip+2, pcs[:])] {
		if f := runtime.FuncForPC(pc - 1); f == nil || !strings.HasPrefix(f.Name(), "runtime.") {
			break
		}
		sites = append(sites, callSite{runtime: pc})
	}
	return sites
}

// endOf returns where a function ends that returns without a return statement.
func endOf(fn *ssa.Function) token.Pos {
	if syntax := fn.Syntax(); syntax != nil && syntax.End().IsValid() {
		return syntax.End() - 1
	}
	return token.NoPos
}
