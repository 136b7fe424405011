// Package install writes, finds and removes kernelspecs: the directories by
// which Jupyter front ends learn that a kernel exists and how to start it
// (jupyter_client documentation, "Kernel specs").
//
// No Jupyter and no Python are needed. A kernelspec is a directory named after
// the kernel, inside a "kernels" directory, that holds kernel.json and logos.
// The package computes where those directories are as jupyter_core/paths.py
// does, given a Host that describes the machine:
//
//	Scope, prefix ──Host.KernelsDir──▶ …/share/jupyter/kernels ──Write──▶ NAME/kernel.json, logo-*
//	Host.Path ──List──▶ every kernelspec of ours, in the order in which Jupyter looks
//
// Nothing here prints or keeps state; cmd/cuaderno does the talking. The
// functions may be called from any goroutine. Windows is not supported.
package install
