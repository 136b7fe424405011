package install

import _ "embed"

//go:embed assets/logo-32x32.png
var logo32 []byte

//go:embed assets/logo-64x64.png
var logo64 []byte

//go:embed assets/logo-svg.svg
var logoSVG []byte

// A Logo is one picture of the kernelspec, under the name by which front ends
// look for it.
type Logo struct {
	Name string
	Data []byte
}

// Logos returns the pictures of the kernelspec. The PNGs are renderings of the
// SVG, with a transparent ground.
func Logos() []Logo {
	return []Logo{
		{"logo-32x32.png", logo32},
		{"logo-64x64.png", logo64},
		{"logo-svg.svg", logoSVG},
	}
}
