package display_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"reflect"
	"strings"
	"testing"

	"cuaderno/interp/display"
)

func TestTextKinds(t *testing.T) {
	for mime, make := range map[string]func(string) display.Bundle{
		display.MIMEHTML:     display.HTML,
		display.MIMEMarkdown: display.Markdown,
		display.MIMELaTeX:    display.LaTeX,
		display.MIMESVG:      display.SVG,
	} {
		want := map[string]any{mime: "x < y", display.MIMEPlain: "x < y"}
		if got := make("x < y"); !reflect.DeepEqual(got.Data, want) || got.Metadata == nil {
			t.Errorf("%s: %v", mime, got)
		}
	}
}

func TestFileKinds(t *testing.T) {
	file := []byte{0xff, 0, 1}
	for mime, make := range map[string]func([]byte) display.Bundle{
		display.MIMEPNG:  display.PNG,
		display.MIMEJPEG: display.JPEG,
	} {
		b := make(file)
		if got, err := base64.StdEncoding.DecodeString(b.Data[mime].(string)); !bytes.Equal(got, file) || err != nil {
			t.Errorf("%s: %v, %v", mime, got, err)
		}
		if plain := b.Data[display.MIMEPlain].(string); !strings.Contains(plain, "3 bytes") {
			t.Errorf("%s: text/plain is %q", mime, plain)
		}
	}
}

// A bundle crosses the session's socketpair as JSON: the value must arrive as
// a value, not as a string of JSON.
func TestJSON(t *testing.T) {
	m := map[string]any{"n": []int{1, 2}}
	b := display.JSON(m)
	m["n"] = "changed later"
	wire, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Data struct {
			JSON struct{ N []int } `json:"application/json"`
		}
	}
	if err := json.Unmarshal(wire, &got); err != nil || !reflect.DeepEqual(got.Data.JSON.N, []int{1, 2}) {
		t.Errorf("%s: %v", wire, err)
	}
	if want := "{\n  \"n\": [\n    1,\n    2\n  ]\n}"; b.Data[display.MIMEPlain] != want {
		t.Errorf("text/plain is %q", b.Data[display.MIMEPlain])
	}
	b = display.JSON(math.NaN())
	if plain := b.Data[display.MIMEPlain].(string); !strings.HasPrefix(plain, "NaN") || len(b.Data) != 1 {
		t.Errorf("NaN: %v", b.Data)
	}
}

func TestImage(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	img.Set(1, 1, color.RGBA{R: 200, A: 255})
	b := display.Of(img)
	file, err := base64.StdEncoding.DecodeString(b.Data[display.MIMEPNG].(string))
	if err != nil {
		t.Fatal(err)
	}
	back, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if back.Bounds().Size() != image.Pt(3, 2) || !reflect.DeepEqual(color.RGBAModel.Convert(back.At(1, 1)), img.At(1, 1)) {
		t.Errorf("got %v with %v", back.Bounds(), back.At(1, 1))
	}
	if got := b.Data[display.MIMEPlain]; got != "*image.RGBA 3×2" {
		t.Errorf("text/plain is %q", got)
	}
	if b := display.Image(image.NewGray(image.Rectangle{})); b.Data[display.MIMEPNG] != nil || b.Data[display.MIMEPlain] == "" {
		t.Errorf("an image without pixels: %v", b.Data)
	}
}

type bundled struct{ plain bool }

func (b bundled) String() string { return "bundled" }

func (b bundled) MimeBundle() display.Bundle {
	data := map[string]any{"application/x-test": 1}
	if b.plain {
		data[display.MIMEPlain] = "its own"
	}
	return display.Bundle{Data: data}
}

type page struct{ title string }

func (p page) HTML() string { return "<h1>" + p.title + "</h1>" }

func TestOf(t *testing.T) {
	for _, c := range []struct {
		name string
		x    any
		want map[string]any
	}{
		{"number", 42, map[string]any{display.MIMEPlain: "42"}},
		{"error", errors.New("bad"), map[string]any{display.MIMEPlain: "bad"}},
		{"nil", nil, map[string]any{display.MIMEPlain: "<nil>"}},
		{"bundle", display.HTML("<b>"), map[string]any{display.MIMEPlain: "<b>", display.MIMEHTML: "<b>"}},
		{"empty bundle", display.Bundle{}, map[string]any{display.MIMEPlain: ""}},
		{"displayer", bundled{}, map[string]any{display.MIMEPlain: "bundled", "application/x-test": 1}},
		{"displayer with text", &bundled{true}, map[string]any{display.MIMEPlain: "its own", "application/x-test": 1}},
		{"HTML method", page{"Hola"}, map[string]any{display.MIMEPlain: "{Hola}", display.MIMEHTML: "<h1>Hola</h1>"}},
		{"nil pointer", (*page)(nil), map[string]any{display.MIMEPlain: "<nil>"}},
		{"nil image", (*image.RGBA)(nil), map[string]any{display.MIMEPlain: "<nil>"}},
	} {
		got := display.Of(c.x)
		if !reflect.DeepEqual(got.Data, c.want) || got.Metadata == nil {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOfSharesNoMap(t *testing.T) {
	mine := display.HTML("a")
	display.Of(mine).Data[display.MIMEHTML] = "b"
	if mine.Data[display.MIMEHTML] != "a" {
		t.Error("the bundle given to Of changed")
	}
}

type recorder struct{ calls, ids []string }

func (r *recorder) Display(b display.Bundle, id string) {
	r.calls = append(r.calls, fmt.Sprint("display ", b.Data[display.MIMEPlain]))
	r.ids = append(r.ids, id)
}

func (r *recorder) Update(b display.Bundle, id string) {
	r.calls = append(r.calls, fmt.Sprint("update ", b.Data[display.MIMEPlain]))
	r.ids = append(r.ids, id)
}

func (r *recorder) Ask(prompt string, password bool) (string, error) {
	r.calls = append(r.calls, fmt.Sprint("ask ", prompt, " ", password))
	return "secret", nil
}

func (r *recorder) Clear(wait bool) { r.calls = append(r.calls, fmt.Sprint("clear ", wait)) }

func TestShow(t *testing.T) {
	var r recorder
	display.SetSink(&r)
	t.Cleanup(func() { display.SetSink(nil) })

	a := display.Show(1)
	display.Show("two")
	a.Update(3)
	display.Clear()
	display.Clear(true)

	want := []string{"display 1", "display two", "update 3", "clear false", "clear true"}
	if !reflect.DeepEqual(r.calls, want) {
		t.Errorf("got %q, want %q", r.calls, want)
	}
	if r.ids[0] == "" || r.ids[0] == r.ids[1] || r.ids[2] != r.ids[0] {
		t.Errorf("ids %q", r.ids)
	}
}

func TestPassword(t *testing.T) {
	if _, err := display.Password("key"); !errors.Is(err, display.ErrNobody) {
		t.Errorf("without a sink: %v", err)
	}
	var r recorder
	display.SetSink(&r)
	t.Cleanup(func() { display.SetSink(nil) })
	if line, err := display.Password("key"); line != "secret" || err != nil || !reflect.DeepEqual(r.calls, []string{"ask key true"}) {
		t.Errorf("%q, %v; asked %q", line, err, r.calls)
	}
}

func ExampleShow() {
	h := display.Show(display.Markdown("**uno**"))
	h.Update("dos")
	display.Clear()
	// Output:
	// **uno**
	// dos
}
