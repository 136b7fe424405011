package mpruntime

import (
	"fmt"
	"strings"

	"cuaderno/internal/codec"
)

// markProgress marks the memory of a ProgressBar.
const markProgress mark = 0x6d70_1001

const (
	progressTotal = sharedAt
	progressCount = sharedAt + 8
	progressSize  = 16
	// progressSteps is how many lines a bar writes until it is full.
	progressSteps = 10
)

// A ProgressBar shows how far work has come that several processes do. It travels
// to them; all advance the same bar. Each tenth of the work writes one line to the
// stderr of the cell whose process has completed it.
type ProgressBar struct{ shared }

// Progress makes a bar for n pieces of work.
func Progress(n int) *ProgressBar {
	if n < 0 {
		return &ProgressBar{failedShared("progress bar", fmt.Errorf("%d pieces of work", n))}
	}
	p := &ProgressBar{newShared("progress bar", markProgress, progressSize)}
	if p.err == nil {
		p.region.Uint64(progressTotal).Store(uint64(n))
	}
	return p
}

// Add says that k pieces have been done.
func (p *ProgressBar) Add(k int) {
	if err := p.Err(); err != nil {
		fail(err)
		return
	}
	if k <= 0 {
		return
	}
	total := p.Total()
	now := int(p.region.Uint64(progressCount).Add(uint64(k)))
	before, after := progressStep(now-k, total), progressStep(now, total)
	if after == before {
		return
	}
	bar := strings.Repeat("#", after) + strings.Repeat("·", progressSteps-after)
	fmt.Fprintf(here.stderr(), "[%s] %d%% (%d/%d)\n", bar, after*100/progressSteps, min(now, total), total)
}

// progressStep returns how many steps are full.
func progressStep(count, total int) int {
	if count >= total {
		return progressSteps
	}
	return int(float64(count) / float64(total) * progressSteps)
}

// Count returns how many pieces have been done.
func (p *ProgressBar) Count() int {
	if err := p.Err(); err != nil {
		fail(err)
		return 0
	}
	return int(p.region.Uint64(progressCount).Load())
}

// Total returns how many pieces of work there are.
func (p *ProgressBar) Total() int {
	if err := p.Err(); err != nil {
		fail(err)
		return 0
	}
	return int(p.region.Uint64(progressTotal).Load())
}

func (p *ProgressBar) encodeHandle(e *codec.Encoder) error { return p.encode(e) }

func (p *ProgressBar) decodeHandle(d *codec.Decoder) (err error) {
	p.shared, err = decodeShared(d, markProgress, progressSize)
	return err
}
