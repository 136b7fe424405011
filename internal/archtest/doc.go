// Package archtest holds the tests of the architecture: which package may
// import which, which files may step around Go's types, and whether the names
// that docs/architecture.md mentions exist.
//
// It reads the sources as they lie in the tree, for every operating system at
// once, and compiles nothing. A new package needs a place in layers, in the
// test; a new use of unsafe needs a reason in unsafeFiles.
package archtest
