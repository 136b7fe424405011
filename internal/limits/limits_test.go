package limits_test

import (
	"strings"
	"testing"
	"time"

	"cuaderno/internal/limits"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "1500000": 1500000, "512k": 512 << 10, "100M": 100 << 20, "2G": 2 << 30, "1.5G": 3 << 29, "1T": 1 << 40,
		"2GB": 2 << 30, "2 GiB": 2 << 30, "2GiB": 2 << 30, " 7M ": 7 << 20,
	} {
		got, err := limits.ParseSize(text)
		if err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "M", "a lot", "2X", "1e30", "NaN", "inf", "out.ipynb", "16777216T"} {
		if n, err := limits.ParseSize(text); err == nil || !strings.Contains(err.Error(), "such as 512M") {
			t.Errorf("%q: %d, %v; want an error that shows the format", text, n, err)
		}
	}
}

func TestSizesAreWrittenAsTheyAreRead(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1 << 10: "1K", 100 << 20: "100M", 3 << 29: "1.5G", 12345678: "11.77M"} {
		if got := limits.Size(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

func TestSetting(t *testing.T) {
	var l limits.Limits
	given := map[string]string{"memory": "1G", "processes": "7", "cell-timeout": "90", "output": "5M"}
	for _, limit := range limits.All() {
		if err := limit.Set(&l, given[limit.Flag]); err != nil {
			t.Error(err)
		}
	}
	if want := (limits.Limits{Memory: 1 << 30, Processes: 7, CellTime: 90 * time.Second, Output: 5 << 20}); l != want {
		t.Errorf("%+v, want %+v", l, want)
	}
	for flag, text := range map[string]string{"memory": "1M", "processes": "-1", "cell-timeout": "soon", "output": "out.ipynb"} {
		for _, limit := range limits.All() {
			if limit.Flag == flag && limit.Set(&l, text) == nil {
				t.Errorf("--%s %s was accepted", flag, text)
			}
		}
	}
}
