// Package shm is memory that several processes see, and what they wait on in it.
//
// A [Region] is one mapping of one anonymous file (memfd on Linux, elsewhere a
// temporary file that is unlinked at once). It has no name, so nothing is left
// when the last process that has it open ends, of whatever cause; it travels as
// a descriptor:
//
//	New ──► Region ── File ──► descriptor ──► another process ── Open ──► Region
//	          │
//	          ├── Word       4 bytes that can be awaited (futex)
//	          ├── Mutex      8 bytes that name the owner
//	          ├── Reentrant  24 bytes: a Mutex that knows the goroutine
//	          └── Semaphore  8 bytes
//
// Words, mutexes and semaphores are views of a Region at an offset that both
// sides agree on; all bytes zero is their initial state. They keep the Region
// mapped while they are reachable.
//
// Waiting is a futex wait of at most [slice] in a loop that looks at the context,
// at the deadline and, for mutexes, at whether the owner still lives. A process is
// its pid and its start time; those of another pid namespace are not told apart.
//
// A Variable tells the engine of cells where a shared number is and what locks it,
// so that the innermost loops need no calls.
//
// Everything here may be called from any goroutine. On systems other than Linux
// waiting is polling; on those that are not Unix New returns [ErrUnsupported].
package shm
