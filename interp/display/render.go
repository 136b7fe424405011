package display

import (
	"fmt"
	"image"
	"maps"
	"reflect"
)

// A Displayer shows itself as the bundle it returns. It mirrors IPython's
// _repr_mimebundle_.
type Displayer interface {
	MimeBundle() Bundle
}

// An HTMLer shows itself as the HTML fragment it returns, with its usual text
// beside it. It mirrors IPython's _repr_html_.
type HTMLer interface {
	HTML() string
}

// Of renders any value: as Rich does, and what that cannot as fmt.Sprint writes
// it. The bundle always has text/plain and shares no map with x. A method of x
// that panics panics here.
func Of(x any) Bundle {
	if b, ok := Rich(x); ok {
		return b
	}
	return Text(fmt.Sprint(x))
}

// Rich renders a value that has a form of its own: a Bundle as it is, a
// Displayer, an HTMLer, an image.Image as PNG. ok is false for all others.
func Rich(x any) (b Bundle, ok bool) {
	if v := reflect.ValueOf(x); v.Kind() == reflect.Pointer && v.IsNil() {
		return Bundle{}, false // its methods would dereference it
	}
	switch x := x.(type) {
	case Bundle:
		return x.complete(""), true
	case *Bundle:
		return x.complete(""), true
	case Displayer:
		b := x.MimeBundle()
		if _, ok := b.Data[MIMEPlain]; !ok {
			return b.complete(fmt.Sprint(x)), true
		}
		return b.complete(""), true
	case HTMLer:
		b := Text(fmt.Sprint(x))
		b.Data[MIMEHTML] = x.HTML()
		return b, true
	case image.Image:
		return Image(x), true
	}
	return Bundle{}, false
}

// complete returns a copy of b in which no map is nil and in which text/plain
// is plain unless b has its own.
func (b Bundle) complete(plain string) Bundle {
	c := Text(plain)
	maps.Copy(c.Data, b.Data)
	maps.Copy(c.Metadata, b.Metadata)
	return c
}
