package compiled

import (
	"fmt"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/rtype"
	"cuaderno/interp/stdlib"
	"cuaderno/interp/symbols"
)

// An Engine runs the cells of a session.
type Engine struct {
	fset    *token.FileSet
	types   *rtype.Types
	builder *builder
	options Options
	// callerFuncs take the place of those of compiled packages that look at the
	// stack.
	callerFuncs map[string]map[string]reflect.Value
	counters    counters
	// pauses are those of its cells.
	pauses *engine.Pauses
	// census knows the goroutines, insteads the functions in place of compiled ones
	// that wait.
	census   census
	insteads map[string]map[string]reflect.Value
	// latest is the cell that ran statements last: that of what runs on behalf
	// of nobody known.
	latest atomic.Pointer[engine.Cell]

	// loads counts the units that were loaded.
	loads atomic.Uint64

	// mu is held while something is built or compiled, and guards what that
	// touches.
	mu       sync.Mutex
	closures map[weakFunction]*closureType
	bodies   uint32  // made so far
	units    []*unit // by serial
	// references are those that were asked for.
	references map[weakFunction]Reference
	swept      int // units that were forgotten since the tables were swept
	versions   versions

	// allocating is held while a large value is made.
	allocating sync.Mutex

	// session is the package of the cells, once one was loaded.
	session atomic.Pointer[types.Package]
	// typeNames are those that were asked for, by reflect.Type.
	typeNames sync.Map

	// tables guards the following; it is never held while something compiles.
	tables sync.Mutex
	// funcs are by *types.Func, *ssa.Function of packages, and methodKey; owned those of
	// functions of cells.
	funcs   map[any]*Func
	owned   map[weakFunction]weak.Pointer[Func]
	globals map[any]pointer // by *types.Var and *ssa.Global
	markers map[*types.Func]marker
	// declared leads to the unit that declared an object first, typeUnits also from
	// local types; boundIn to the serial of the one that gave a function the body
	// it has, and bodyOfObject from a body to its function.
	declared     map[types.Object]*unit
	typeUnits    map[*types.TypeName]*unit
	boundIn      map[*types.Func]int
	bodyOfObject map[weakFunction]*types.Func
}

// Options are what an engine needs to know of its session.
type Options struct {
	// Replaced are functions in place of those of compiled packages, by import
	// path and name: Println, (*File).Write.
	Replaced map[string]map[string]reflect.Value
	// Files are what stands for the process's files where cells use them through
	// interfaces with methods.
	Files map[*os.File]any
	// Print writes what the builtins print and println write.
	Print func([]byte)
	// MemoryLimit is how many bytes the values of the session may take, 0 for no
	// limit. A cell that passes it is stopped, soon after.
	MemoryLimit uint64
	// Forgotten, if not nil, is called with the number of a unit of which nothing can
	// run any more.
	Forgotten func(serial int)
}

// New returns an engine for the session whose cells fset resolves.
func New(importer *stdlib.Importer, fset *token.FileSet, options Options) (*Engine, error) {
	if err := rtype.Check(); err != nil {
		return nil, err
	}
	if err := checkTrampolines(); err != nil {
		return nil, err
	}
	e := &Engine{
		fset:     fset,
		builder:  newBuilder(importer, fset),
		options:  options,
		pauses:   engine.NewPauses(),
		closures: map[weakFunction]*closureType{},

		references: map[weakFunction]Reference{},

		funcs:   map[any]*Func{},
		owned:   map[weakFunction]weak.Pointer[Func]{},
		globals: map[any]pointer{},
		markers: map[*types.Func]marker{},

		declared:     map[types.Object]*unit{},
		typeUnits:    map[*types.TypeName]*unit{},
		boundIn:      map[*types.Func]int{},
		bodyOfObject: map[weakFunction]*types.Func{},
	}
	e.callerFuncs = e.callerFunctions()
	e.types = rtype.NewTypes(compiledType, e.bindMethod)
	e.insteads = e.replacements()
	return e, nil
}

// compiledType returns the runtime type of a compiled package's type.
func compiledType(obj *types.TypeName) reflect.Type {
	if obj.Pkg() == nil {
		return nil
	}
	return symbols.Type(obj.Pkg().Path(), obj.Name())
}

// bindMethod returns a method as a func value of type ft, for method tables.
func (e *Engine) bindMethod(sel *types.Selection, ft reflect.Type) pointer {
	obj := sel.Obj().(*types.Func)
	f := &Func{engine: e, name: funcName(obj), layout: newLayout(ft, headerSize)}
	f.resolve = func() *ssa.Function {
		fn, err := e.builder.method(sel)
		if err != nil {
			panic(err)
		}
		return fn
	}
	return f.funcValue()
}

// A Program is a unit that is ready to run.
type Program struct {
	built
	engine *Engine
	unit   *unit
}

// Lasting reports whether something of the unit can be referred to once it has
// run: what it declares, function literals, method values and instances.
func (p *Program) Lasting() bool {
	p.engine.mu.Lock()
	defer p.engine.mu.Unlock()
	n := p.unit
	return n.declares || len(n.objects) > 0 || len(n.types) > 0 ||
		slices.ContainsFunc(n.all(p.engine.builder), func(fn *ssa.Function) bool { return fn != p.statements })
}

// HasStatements reports whether there is something for Run to do.
func (p *Program) HasStatements() bool { return p.statements != nil || p.initialize != nil }

// UsesProcesses reports whether the unit mentions package mp.
func (p *Program) UsesProcesses() bool { return p.usesProcesses }

// Load makes a checked unit known under its number in the session: its functions
// have their new bodies from now on, those excepted to which a unit with a larger
// number has given one. Run runs its statements.
func (e *Engine) Load(serial int, u *check.Unit) (p *Program, err error) {
	return e.LoadUnless(serial, u, func() error { return nil })
}

// LoadUnless is Load, unless the session has a reason not to, which it is asked for
// once the unit is built. Nothing has changed then, nor where the error is an
// *engine.OutOfMemory: its variables are too large.
func (e *Engine) LoadUnless(serial int, u *check.Unit, reason func() error) (p *Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("building the cell: %v", r)
		}
	}()
	if err := e.room(u.Bytes); err != nil {
		return nil, err
	}
	built, err := e.builder.build(u)
	if err != nil {
		return nil, err
	}
	if err := reason(); err != nil {
		return nil, err
	}
	e.renew(u.Grown)
	e.tables.Lock()
	for obj, m := range built.markers {
		e.markers[obj] = m
	}
	e.session.Store(u.Pkg)
	n := e.newUnit(serial, u, built)
	for obj, fn := range built.bodies {
		e.bodyOfObject[weak.Make(fn)] = obj
		if e.boundIn[obj] > serial {
			delete(built.bodies, obj) // a later unit has given it another
			continue
		}
		e.boundIn[obj] = serial
	}
	e.tables.Unlock()
	for obj, fn := range built.bodies {
		e.bind(obj, fn)
	}
	e.mu.Lock()
	i, _ := slices.BinarySearchFunc(e.units, serial, bySerial)
	e.units = slices.Insert(e.units, i, n)
	e.loads.Add(1)
	e.mu.Unlock()
	e.collectible(n, e.fset.File(u.Cell.File.FileStart))
	return &Program{built, e, n}, nil
}

// Watched returns a function that runs f as the goroutine which a cell waits for:
// a deadlock or too much memory stops the cell.
func (e *Engine) Watched(f func()) func() {
	return func() {
		th, _ := current()
		if th.g != nil {
			e.latest.Store(th.g.Cell)
			th.main = true
			e.census.begin(th)
			defer e.census.end(th)
			defer e.watch(th)()
			th.park()
		}
		f()
	}
}

// Run runs the statements of p on the calling goroutine, which must be one that
// a Cell started. It panics as they do.
func (p *Program) Run() {
	p.engine.Watched(func() {
		th, _ := current()
		defer p.Forget()
		if th.g != nil {
			th.g.Statements = true
		}
		for _, fn := range []*ssa.Function{p.initialize, p.main, p.statements} {
			if fn != nil {
				fr := th.bottom.next(p.engine.declaredAs(fn))
				fr.body.call(fr)
			}
		}
	})()
}

// markerOf returns the marker that fn is, 0 if it is none.
func (e *Engine) markerOf(fn *ssa.Function) marker {
	obj, ok := fn.Object().(*types.Func)
	if !ok {
		return 0
	}
	e.tables.Lock()
	defer e.tables.Unlock()
	return e.markers[obj]
}

// mark compiles the call of a marker.
func (c *compiler) mark(m marker, call *ssa.CallCommon) step {
	if m == ignoredMarker {
		x := get[iface](c, call.Args[0])
		return func(fr *frame) {
			if x := x(fr); x.tab != nil && fr.th.g != nil {
				fr.th.g.Cell.Ignored(*(*error)(pointer(&x)))
			}
		}
	}
	boxes := make([]value[any], len(call.Args))
	for i, a := range call.Args {
		boxes[i] = c.boxed(a)
	}
	last := boxes[len(boxes)-1]
	failing := types.Identical(call.Args[len(boxes)-1].Type(), types.Universe.Lookup("error").Type())
	shown := boxes
	if failing {
		shown = boxes[:len(boxes)-1]
	}
	return func(fr *frame) {
		var v engine.Value
		if failing {
			v.Err, _ = last(fr).(error)
		}
		switch len(shown) {
		case 0:
			if v.Err == nil {
				return
			}
		case 1:
			v.V = shown[0](fr)
		default:
			tuple := make(engine.Tuple, len(shown))
			for i, box := range shown {
				tuple[i] = box(fr)
			}
			v.V = tuple
		}
		if fr.th.g != nil {
			fr.th.g.Cell.SetResult(v)
		}
	}
}

// boxed reads an operand as an interface.
func (c *compiler) boxed(v ssa.Value) value[any] {
	rt := c.e.typ(v.Type())
	off := c.memory.value(classOf(v.Type()), rt)
	put := c.into(off, v)
	return func(fr *frame) any {
		put(fr)
		return reflect.NewAt(rt, fr.pointer(off)).Elem().Interface()
	}
}
