// Package display holds what a cell can show besides text: MIME bundles, the
// values that make them, and the functions a notebook calls as display.HTML,
// display.Show and so on.
//
// A Bundle is data only. Where it goes is decided by the Sink of the process:
// the session installs one that carries each bundle, with the cell of the
// calling goroutine, to the kernel; a program without a notebook has none, and
// Show prints the bundle's text/plain instead.
package display

// A Bundle is one value in several MIME types, as the Jupyter messaging spec
// defines it for display_data ("Display data", content.data and
// content.metadata). Text types hold a string, image types the base64 of their
// bytes, JSON types the value itself. text/plain is always present.
type Bundle struct {
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// MIME types that the package makes.
const (
	MIMEPlain    = "text/plain"
	MIMEHTML     = "text/html"
	MIMEMarkdown = "text/markdown"
	MIMELaTeX    = "text/latex"
	MIMESVG      = "image/svg+xml"
	MIMEPNG      = "image/png"
	MIMEJPEG     = "image/jpeg"
	MIMEJSON     = "application/json"
)

// Text returns a bundle of text/plain alone.
func Text(s string) Bundle {
	return Bundle{Data: map[string]any{MIMEPlain: s}, Metadata: map[string]any{}}
}

func textual(mime, s string) Bundle {
	b := Text(s)
	b.Data[mime] = s
	return b
}
