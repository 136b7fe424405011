package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestGrowthIsThatOfTheTrend(t *testing.T) {
	var samples []sample
	for i := range 20 {
		descriptors := 10
		if i == 0 {
			descriptors = 1 // warming up
		}
		samples = append(samples, sample{
			at:     time.Duration(i) * time.Minute,
			kernel: use{memory: 1024 * (100 + 2*i), descriptors: descriptors},
		})
	}
	for what, want := range map[string]float64{"memory of the kernel": 30, "descriptors of the kernel": 0} {
		for _, b := range bounds() {
			if b.what != what {
				continue
			}
			if grown, over := growth(samples, b.value); grown < want-0.01 || grown > want+0.01 || over != 15*time.Minute {
				t.Errorf("the %s grew by %.2f in %v, want %.0f in 15m", what, grown, over, want)
			}
		}
	}
	if grown, _ := growth(samples[:2], bounds()[0].value); grown != 0 {
		t.Errorf("two samples have a trend of %.2f", grown)
	}
}

func TestSectionIsReplaced(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("# Page\n\nbefore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"figures of one\n", "figures of two\n"} {
		if err := writeSection(page, text); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, append(content, "after\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got := string(content)
	if !strings.HasPrefix(got, "# Page\n\nbefore\n") || !strings.HasSuffix(got, "after\nafter\n") ||
		strings.Contains(got, "of one") || strings.Count(got, "of two") != 1 {
		t.Errorf("the page is %q", got)
	}
}

// TestAFewSeconds uses the built kernels for a moment: no message is lost.
func TestAFewSeconds(t *testing.T) {
	cuaderno, err := filepath.Abs(filepath.Join("..", "..", "bin", "cuaderno"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(cuaderno); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("the kernel is not built (make build): %v", err)
	}
	var log strings.Builder
	if err := run(t.Context(), []string{"-cuaderno", cuaderno, "-duration", "8s", "-every", "2s"}, &log); err != nil && strings.Contains(log.String(), "FAULT") {
		t.Errorf("%v\n%s", err, log.String())
	}
}
