// Package conformance is CPython's own tests of multiprocessing (3.11,
// Lib/test/_test_multiprocessing.py) as tests of package mpruntime: one subtest for
// each method, named by class and method, and what CPython has no tests for in
// TestOwn. mpruntime/testdata/cpython.txt lists all methods; internal/conformance
// makes docs/conformance.md of both. The package itself is empty.
package conformance
