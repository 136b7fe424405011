package symbols

// Paths returns the import paths that have a table, sorted.
func Paths() []string { return paths() }
