// Package spawn starts helper processes and sees to it that none is lost.
//
// A started process has, beside stdin, stdout and stderr, a control connection
// to whoever started it (descriptor 3) and, if asked for, a lifeline
// (descriptor 4) and a file that the whole tree shares (descriptor 5). Its outputs
// are pipes of its own, read as they are written and given to functions;
// [Process.Drain] is the point at which all that was written has arrived. Its end
// is noticed at once, although grandchildren may hold its pipes for longer, and it
// is reaped by exactly one waiter.
//
// A lifeline is a pipe to which nobody writes. Whoever holds the write end keeps
// a tree of processes alive; each process of the tree watches the read end and,
// at its closing, kills the process group of the tree with SIGKILL, so that the
// first to notice takes all others along, stopped ones included. The system
// closes the write end when its holder dies, of whatever cause.
//
// Every descriptor made here is close-on-exec: a process inherits what this
// page names and nothing else.
package spawn
