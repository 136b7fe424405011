package main

import (
	"errors"
	"io"
	"os"
	"regexp"
)

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// complain writes text and a newline to stderr, without its colours where those
// would be noise.
func (p *program) complain(text string) {
	text += "\n"
	if !p.coloured() {
		text = ansi.ReplaceAllString(text, "")
	}
	io.WriteString(p.stderr, text) //nolint:errcheck // there is nowhere else to tell
}

// joined returns err, or else second. If there are both, it tells second now,
// because err may be a mere exit status.
func (p *program) joined(err, second error) error {
	if err == nil || second == nil {
		return errors.Join(err, second)
	}
	p.complain("cuaderno run: " + second.Error())
	return err
}

// coloured reports whether stderr is a terminal whose user wants colours
// (no-color.org).
func (p *program) coloured() bool {
	f, ok := p.stderr.(*os.File)
	if !ok || p.host.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
