package main

import "path/filepath"

// noHistory is the setting that keeps the history of cells in memory only.
const noHistory = "off"

// historyFile is where a kernel keeps the history of cells: CUADERNO_HISTORY, or
// cuaderno/history.db in the user's data directory (XDG base directories). It is
// empty for none.
func historyFile(getenv func(string) string) string {
	switch setting := getenv("CUADERNO_HISTORY"); setting {
	case "":
	case noHistory:
		return ""
	default:
		return setting
	}
	data := getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) {
		home := getenv("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "cuaderno", "history.db")
}
