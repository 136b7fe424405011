// Package interp is the Go session behind a notebook: it checks cells, runs them
// and keeps what they declared. A Session implements lang.Session in its own
// process; NewChild makes what remains of it in a process that a cell started.
//
// The life of a cell:
//
//	Session.Execute
//	  check.Session.Check    parse, type-check against the session
//	  Engine.Load            SSA; its functions are the session's from now on
//	  Cell.Run               the statements, on a goroutine of the cell
//	  outcome                result, or error with the notebook's own stack
//
// Cells that are executed side by side take turns for the first two (compile.go),
// and run as goroutines of one program do.
//
// Both kinds of process implement mpruntime.Host (host.go). What cells declare is
// in a log that all processes of the notebook share (declarations.go): a child
// declares the same cells, when it meets something of them or while it waits for
// work (declare.go). The parent packs the names of cells and the values that a
// target can reach into a bundle, the child restores them and calls the target.
// Types and functions in messages are names of what the log has (linker.go).
package interp

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"cuaderno/internal/codec"
	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/interp/stdlib"
	"cuaderno/mpruntime"
)

// An evaluator is what a session and a child have in common: what cells have
// declared, and the engine that runs them.
type evaluator struct {
	headroom []byte // of a child: never touched, so that it is no memory but for the collector
	importer *stdlib.Importer
	checker  *check.Session
	engine   *compiled.Engine
	linker   *linker
	domain   *codec.Domain // with linker
	// log is what cells have declared, nil where no other process can know.
	log *declarationLog
	// command starts the helpers that children run in.
	command mpruntime.Command
	// stdout and stderr are those of the process, for goroutines that belong
	// to no cell.
	stdout, stderr io.Writer

	// checking is the turn of whoever uses the checker, or loads what it checked.
	checking turn

	child     bool       // what cells declare comes from the log
	declaring sync.Mutex // held while it does

	serial int // of the cell loaded last, guarded by checking

	mu      sync.Mutex
	sources map[int]string // cells as typed, by the number that people know
	shown   map[int]int    // their serials, by the same number
	counts  map[int]int    // and the numbers by serial
}

func newEvaluator(stdout, stderr io.Writer, command mpruntime.Command, memoryLimit uint64) (*evaluator, error) {
	importer, err := stdlib.NewImporter()
	if err != nil {
		return nil, err
	}
	if err := importer.Check(); err != nil {
		return nil, err
	}
	importer.Hide("cuaderno/mpruntime", hostNames...)
	importer.Hide("cuaderno/interp/comm", commHostNames...)
	checker, err := check.New(importer, preloaded())
	if err != nil {
		return nil, err
	}
	e := &evaluator{
		importer: importer, checker: checker, stdout: stdout, stderr: stderr, command: command,
		checking: make(turn, 1), sources: map[int]string{}, shown: map[int]int{}, counts: map[int]int{},
	}
	if command.Log != nil {
		e.log = newDeclarationLog(command.Log)
	}
	engineOptions := e.engineOptions()
	engineOptions.MemoryLimit = memoryLimit
	engineOptions.Forgotten = e.forget
	e.engine, err = compiled.New(importer, checker.Fset, engineOptions)
	if err != nil {
		return nil, err
	}
	e.linker = &linker{evaluator: e}
	e.domain = domain(e.linker)
	return e, nil
}

// preloaded are the packages that cells use without importing them.
func preloaded() map[string]string {
	return map[string]string{"mp": "cuaderno/mpruntime", "display": "cuaderno/interp/display", "comm": "cuaderno/interp/comm"}
}

// hostNames are what package mp has for programs that run functions in other
// processes, as this one does: a cell that called Shutdown would have no processes
// any more.
var hostNames = []string{
	"Cell", "Command", "Declared", "ErrNoHost", "Host", "Install", "Interrupt", "NewDomain",
	"Prepare", "ServeChild", "ServiceHost", "Shutdown", "Target", "Warmer",
}

// shownCalls is how many calls of a deep stack a traceback shows.
const shownCalls = 16

// traceback describes a panic as Go does, with the notebook's frames only.
func (e *evaluator) traceback(value any, g *engine.Goroutine) []string {
	lines := []string{red("panic: ") + e.panicText(value, g)}
	var calls []engine.Call
	depth := 0
	if overflow, ok := value.(*engine.StackOverflow); ok {
		calls, depth = overflow.Stack, overflow.Depth
	} else {
		calls = e.engine.Stack(g, value)
		depth = len(calls)
	}
	if len(calls) > 0 {
		lines = append(lines, "")
	}
	return append(lines, e.stackLines(calls, depth)...)
}

// callLines shows a stack, innermost call first.
func (e *evaluator) callLines(calls []engine.Call) []string { return e.stackLines(calls, len(calls)) }

// stackLines shows a stack of which calls may be only the ends.
func (e *evaluator) stackLines(calls []engine.Call, depth int) []string {
	if n := len(calls); n > shownCalls {
		calls = slices.Concat(calls[:shownCalls/2], calls[n-shownCalls/2:])
	}
	var lines []string
	for i, call := range calls {
		if i == len(calls)/2 && depth > len(calls) {
			lines = append(lines, cut(depth-len(calls)))
		}
		lines = append(lines, e.callLine(call))
	}
	return lines
}

// cut stands for the n calls in the middle of a deep stack.
func cut(n int) string {
	if n > 1000 {
		return "    … many more calls …"
	}
	return fmt.Sprintf("    … %d more calls …", n)
}

func (e *evaluator) callLine(call engine.Call) string {
	where := fmt.Sprintf("In [%d]:%d", call.Cell, call.Line)
	if call.Line == 0 {
		where = fmt.Sprintf("In [%d]", call.Cell)
	}
	name := call.Name
	if name == "" {
		name = "cell"
	} else {
		name += "(…)"
	}
	line := fmt.Sprintf("    %s  %s", cyan(where), name)
	if src := e.sourceLine(call.Cell, call.Line); src != "" {
		line += "\n        " + src
	}
	return line
}

// show keeps the text of a cell for tracebacks, by the number that people know.
func (e *evaluator) show(count, serial int, code string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if before, ok := e.shown[count]; ok {
		if before > serial {
			return
		}
		delete(e.counts, before)
	}
	e.sources[count], e.shown[count], e.counts[serial] = code, serial, count
}

// forget drops the text of a cell of which nothing can run any more.
func (e *evaluator) forget(serial int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if count, ok := e.counts[serial]; ok {
		delete(e.sources, count)
		delete(e.shown, count)
		delete(e.counts, serial)
	}
}

func (e *evaluator) sourceLine(count, line int) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	lines := strings.Split(e.sources[count], "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[line-1])
}

// panicText is what Go prints after "panic: ".
func (e *evaluator) panicText(value any, g *engine.Goroutine) string {
	if overflow, ok := value.(*engine.StackOverflow); ok {
		return overflow.Error()
	}
	return e.engine.PanicText(g, value)
}
