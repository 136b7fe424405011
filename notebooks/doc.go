// Package notebooks is the course: notebooks that explain Go with Go, in
// Spanish, and the tests that execute them as a student would.
//
// The tests need Jupyter. make test provides it: it makes the Python
// environment from requirements.lock, installs the kernelspec there, and names
// the environment in CUADERNO_VENV. Without that variable, or without a
// Chromium for JupyterLab, the tests that need them say so and are skipped;
// where CI=true, they fail instead.
//
//	kernel_test.py   jupyter_kernel_test against the kernel
//	nbconvert        executes each notebook and compares the kinds of output
//	lab.py           the same in JupyterLab, in a headless Chromium, with pictures
package notebooks
