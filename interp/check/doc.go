// Package check type-checks cells against the session so far.
//
// The session is one go/types package, "main", that grows. A cell is checked in
// three steps, each a go/types Checker of its own over that package:
//
//  1. imports, constants, types, and the signatures of functions and methods;
//  2. the statements, as the body of a function, so that Go's rules of order
//     and scope hold among them;
//  3. the bodies of functions and methods, under names of their own.
//
// Between 2 and 3 each variable that the statements declare at the top level
// becomes a package-level object, with the type that step 2 found. So a
// function may use a variable of its own cell, and its body is an entity of its
// own that the function's name is bound to: callers refer to the name, and see
// whichever body is current. Generic functions, and the methods of generic types,
// are built anew wherever they are used: they are checked as they stand, in step
// 1, or in step 3 if they use a variable of their cell.
//
// A whole program is checked in one piece, as the compiler does, with nothing of
// the session in sight; what it declares becomes the session's afterwards.
//
// A cell is a transaction. Check changes the package's scope as it goes, and
// either the caller commits the Unit or everything is put back.
//
// What a checked cell found is its Environment: in it another process checks the
// same cell to the same meaning, whatever it has checked before.
//
// Redeclaring replaces: a variable of an identical type, a function of an
// identical signature and an unchanged declaration of a type or generic function
// stay the same object; anything else is a new one, and code that was checked
// before keeps the old: Unit.Notes says which does. A method that is added to a
// type of an earlier cell, or given another signature there, belongs to that same
// type (Unit.Grown). The variables of a whole program are always new ones.
package check
