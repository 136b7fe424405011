package display

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
)

// HTML returns a bundle of an HTML fragment. Its text/plain is the source.
func HTML(s string) Bundle { return textual(MIMEHTML, s) }

// Markdown returns a bundle of Markdown text, as front ends render it
// (CommonMark, tables, $…$ formulas). Its text/plain is the source.
func Markdown(s string) Bundle { return textual(MIMEMarkdown, s) }

// LaTeX returns a bundle of LaTeX with its delimiters, such as "$x^2$" or
// "\\begin{align}…". Its text/plain is the source.
func LaTeX(s string) Bundle { return textual(MIMELaTeX, s) }

// SVG returns a bundle of an SVG document. Its text/plain is the source.
func SVG(s string) Bundle { return textual(MIMESVG, s) }

// PNG returns a bundle of a PNG file's bytes, which are not checked.
func PNG(file []byte) Bundle { return binary(MIMEPNG, "PNG", file) }

// JPEG returns a bundle of a JPEG file's bytes, which are not checked.
func JPEG(file []byte) Bundle { return binary(MIMEJPEG, "JPEG", file) }

func binary(mime, kind string, file []byte) Bundle {
	b := Text(fmt.Sprintf("%s image, %d bytes", kind, len(file)))
	b.Data[mime] = base64.StdEncoding.EncodeToString(file)
	return b
}

// JSON returns a bundle of v as encoding/json writes it now; front ends show
// it as a tree. Its text/plain is the indented text. A value that JSON cannot
// hold, such as a channel or NaN, becomes text that says so.
func JSON(v any) Bundle {
	data, err := json.Marshal(v)
	if err != nil {
		return Text(fmt.Sprintf("%v\n(not shown as JSON: %v)", v, err))
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		return Text(fmt.Sprintf("%v\n(not shown as JSON: %v)", v, err))
	}
	b := Text(indented.String())
	b.Data[MIMEJSON] = json.RawMessage(data)
	return b
}

// Image returns a bundle of img as PNG. Its text/plain is the type and the
// size in pixels, which is all that an image without pixels has.
func Image(img image.Image) Bundle {
	size := img.Bounds().Size()
	plain := fmt.Sprintf("%T %d×%d", img, size.X, size.Y)
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		return Text(fmt.Sprintf("%s\n(not shown: %v)", plain, err))
	}
	b := PNG(file.Bytes())
	b.Data[MIMEPlain] = plain
	return b
}
