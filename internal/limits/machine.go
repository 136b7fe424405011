package limits

// DefaultMemory is three quarters of the machine's memory, or of what the control
// group of this process may have, so that the operating system never has to choose
// whom to kill. It is 0, no limit, where neither can be told.
func DefaultMemory() uint64 {
	limit := machineMemory()
	if n, ok := groupMemory(); ok && (limit == 0 || n < limit) {
		limit = n
	}
	return limit / 4 * 3
}
