// Package history remembers the cells of a kernel over restarts, as IPython's
// history does: each kernel is a session with a number, each cell a line of it.
//
//	Add, Output ──► recent (memory) ──► writer (a batch every 250 ms) ──► file
//	Tail, Range, Search ◄── the file, or what is recent where there is none
//
// The file is a bbolt database that all kernels of a person share. It is open for
// the moment of a batch or of an answer only, because whoever has it open locks
// it. Add and Output never wait for it. Where it cannot be used (a full or
// read-only disk, locked for long, damaged), history goes on in memory and the
// log has one warning.
//
// The file keeps the newest 100 000 cells, and of them no more than 64 MiB of
// text; a text longer than 64 KiB is cut. Memory keeps the newest 10 000 cells of
// the own session, and of them no more than 4 MiB.
package history
