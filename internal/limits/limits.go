// Package limits is what a notebook may use of a machine that others use too:
// memory, processes, time of a cell, and output of a cell. It reads and writes
// the limits as people give them; who enforces which is told by [Limits].
//
// A limit comes from a flag (--memory 2G), else from the environment
// (CUADERNO_MEMORY=2G), else it is the default. 0 is no limit.
package limits

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits of one notebook. 0 is no limit.
type Limits struct {
	// Memory is in bytes: of the session, of each of its processes, and of all
	// together (package interp, cmd/cuaderno-helper).
	Memory uint64
	// Processes is how many the session may have at a time beside itself (mpruntime).
	Processes int
	// CellTime is how long a cell may run (interp/lang/limited).
	CellTime time.Duration
	// Output is how many bytes a cell may print and display (interp/lang/limited).
	Output int64
}

// Defaults of what would otherwise take a machine or a browser down.
const (
	DefaultProcesses = 1000
	DefaultOutput    = 100 << 20
)

// LeastMemory is the least that a limit of memory may be, in bytes: a session and
// the helpers that it keeps ready need about half of it.
const LeastMemory = 256 << 20

// A Limit is one of the limits as people set it.
type Limit struct {
	// Flag is the name of the flag, without dashes, and Env that of the variable.
	Flag, Env string
	// Usage is the help of the flag.
	Usage string
	// Set reads text into the limit that it is of.
	Set func(l *Limits, text string) error
}

// All are the limits, in the order in which people are shown them.
func All() []Limit {
	return []Limit{
		{"memory", "CUADERNO_MEMORY", "memory of the session and its processes together: a `size` such as 512M or 2G (default: three quarters of the machine's)", func(l *Limits, text string) error {
			n, err := ParseSize(text)
			if err == nil && n > 0 && n < LeastMemory {
				err = fmt.Errorf("a session needs at least %s", Size(LeastMemory))
			}
			l.Memory = n
			return err
		}},
		{"processes", "CUADERNO_PROCESSES", fmt.Sprintf("how many processes of mp the session may have at a time, programs of os/exec not counted: a `number` (default: %d)", DefaultProcesses), func(l *Limits, text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return fmt.Errorf("%q is no number of processes: write one such as 20, or 0 for no limit", text)
			}
			l.Processes = n
			return nil
		}},
		{"cell-timeout", "CUADERNO_CELL_TIMEOUT", "how long a cell may run: a `duration` such as 30s or 5m (default: no limit)", func(l *Limits, text string) error {
			d, err := ParseDuration(text)
			l.CellTime = d
			return err
		}},
		{"output", "CUADERNO_OUTPUT", fmt.Sprintf("how much a cell may print and display: a `size` such as 10M (default: %s)", Size(DefaultOutput)), func(l *Limits, text string) error {
			n, err := ParseSize(text)
			l.Output = int64(n)
			return err
		}},
	}
}

// units are the suffixes of sizes.
var units = []struct {
	letter string
	bytes  uint64
}{{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}}

// ParseSize reads a number of bytes: 1500000, 512K, 100M, 2G, 1.5G, also as 2GB or
// 2GiB. A K is 1024.
func ParseSize(text string) (uint64, error) {
	number := strings.ToUpper(strings.TrimSpace(text))
	factor := uint64(1)
	for _, unit := range units {
		for _, suffix := range []string{unit.letter + "IB", unit.letter + "B", unit.letter} {
			if before, ok := strings.CutSuffix(number, suffix); ok && factor == 1 {
				number, factor = strings.TrimSpace(before), unit.bytes
			}
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= float64(factor); err != nil || math.IsNaN(n) || n < 0 || n >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is no size: write a number of bytes with K, M, G or T behind it, such as 512M or 2G, or 0 for no limit", text)
	}
	return uint64(n), nil
}

// Size writes a number of bytes as ParseSize reads it, rounded to two decimals of
// its unit.
func Size(n uint64) string {
	for _, unit := range units {
		if n >= unit.bytes {
			text := strconv.FormatFloat(float64(n)/float64(unit.bytes), 'f', 2, 64)
			return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + unit.letter
		}
	}
	return strconv.FormatUint(n, 10)
}

// ParseDuration reads how long a cell may run: 30s, 5m, 1h30m, or a number of
// seconds.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		d, err = time.ParseDuration(strings.TrimSpace(text) + "s")
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration: write one such as 30s or 5m, or 0 for no limit", text)
	}
	return d, nil
}
