package check

import (
	"go/ast"
	"go/types"

	"cuaderno/interp/cell"
)

// A Unit is a checked cell: its syntax, what every identifier in it means, and
// what it adds to the session.
type Unit struct {
	Cell  *cell.Cell
	Count int
	Info  *types.Info
	Pkg   *types.Package

	// Types and Consts are the declarations that are new in this cell. Type
	// declarations that the session already has unchanged are left out.
	Types  []*ast.TypeSpec
	Consts []*ast.GenDecl
	// Funcs are the bodies that this cell gives to functions and methods.
	Funcs []*Func
	// Decls are the declarations of a whole program without its imports, in the
	// order of the source, nil in other cells; Info.InitOrder says in which order
	// its variables are initialised. Inits are its init functions, in order, and
	// Main is its func main.
	Decls []ast.Decl
	Inits []*ast.FuncDecl
	Main  *types.Func
	// Grown are the types of earlier cells whose methods this cell adds to or
	// gives another signature. Values that interfaces hold keep the old methods.
	Grown []*types.TypeName
	// Vars are the session variables that are new in this cell, Bytes their size.
	Vars  []*types.Var
	Bytes uint64
	// Locals leads from the variables that go/types sees in the statements'
	// function to the session variables that they are. Those of a whole program
	// lead to themselves.
	Locals map[types.Object]*types.Var
	// Last is the final expression of the cell and what becomes of its value.
	Last   ast.Expr
	Result Result

	// Notes say which functions of earlier cells go on using something that
	// this cell has replaced: sentences for the person.
	Notes []string

	session     *Session
	undo        []func()
	environment Environment
}

// A Func is one body of a declared function or method.
type Func struct {
	// Object is what callers refer to; for a method, that of its type.
	Object *types.Func
	Decl   *ast.FuncDecl
	// Impl is the body as Unit.Info speaks of it: a function with a name of its
	// own, and with the receiver as its first parameter. A generic body, and one
	// of a whole program, is checked as it stands: Impl is Decl.
	Impl *ast.FuncDecl
	// Recv is the type that a method belongs to, nil for a function.
	Recv *types.TypeName
	// Generic reports type parameters, of the function or its receiver.
	Generic bool
}

// A Result says what becomes of the value of a cell's last expression.
type Result int

// The value of the last expression is not wanted, is shown, is an error that
// fails the cell unless it is nil, or is a value and such an error. There may be
// several values.
const (
	NoResult Result = iota
	ValueResult
	ErrorResult
	ValueErrorResult
)

// Commit makes the unit part of the session.
func (u *Unit) Commit() { u.undo = nil }

// Rollback takes the unit out of the session again.
func (u *Unit) Rollback() {
	u.session.mu.Lock()
	defer u.session.mu.Unlock()
	u.rollback()
}

func (u *Unit) rollback() {
	for i := len(u.undo) - 1; i >= 0; i-- {
		u.undo[i]()
	}
	u.undo = nil
	if file := u.session.Fset.File(u.Cell.File.FileStart); file != nil {
		u.session.Fset.RemoveFile(file)
	}
}

// Variable returns the session variable that obj is, nil if it is none.
func (u *Unit) Variable(obj types.Object) *types.Var {
	if v, ok := u.Locals[obj]; ok {
		return v
	}
	if v, ok := obj.(*types.Var); ok && v.Parent() == u.Pkg.Scope() {
		return v
	}
	return nil
}

// Start returns where n starts in Cell.Text.
func (u *Unit) Start(n ast.Node) int { return u.Cell.Offset(n.Pos()) }

// End returns where n ends in Cell.Text.
func (u *Unit) End(n ast.Node) int { return u.Cell.Offset(n.End()) }

// Line returns the line of n in the cell as typed.
func (u *Unit) Line(n ast.Node) int { return u.Cell.Position(n.Pos()).Line }
