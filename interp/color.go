package interp

// ANSI colours as terminals, JupyterLab and nbconvert show them.

func red(s string) string  { return "\x1b[1;31m" + s + "\x1b[0m" }
func cyan(s string) string { return "\x1b[36m" + s + "\x1b[0m" }
