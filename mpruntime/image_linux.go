package mpruntime

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// program is the path that starts this very program again, also when its file
// has been replaced or removed.
func program() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

// programMappings returns where this process has mapped the file that holds what
// is at an address (proc(5), /proc/pid/maps: range, mode, offset, device, inode,
// path).
func programMappings(address uintptr) ([]mapping, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, errorf("finding the program in memory: %w", err)
	}
	files, own := map[string][]mapping{}, ""
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[4] == "0" {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		start, err := strconv.ParseUint(from, 16, strconv.IntSize)
		if err != nil {
			continue
		}
		end, err := strconv.ParseUint(to, 16, strconv.IntSize)
		if err != nil {
			continue
		}
		file := fields[3] + " " + fields[4]
		files[file] = append(files[file], mapping{uintptr(start), uintptr(end)})
		if uintptr(start) <= address && address < uintptr(end) {
			own = file
		}
	}
	if own == "" {
		return nil, fmt.Errorf("finding the program in memory: it is in none of the %d files that are mapped", len(files))
	}
	return files[own], nil
}
