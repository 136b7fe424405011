package nbformat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// appendValue appends v as Python's json.dumps(v, indent=1, sort_keys=True,
// ensure_ascii=False) writes it, where depth is how deep v stands. v is made of
// what parseObject and plain make values of.
func appendValue(b []byte, v any, depth int) []byte {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return append(b, "{}"...)
		}
		separator := byte('{')
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b = appendNewline(append(b, separator), depth+1)
			b = append(appendString(b, key), ": "...)
			b = appendValue(b, v[key], depth+1)
			separator = ','
		}
		return append(appendNewline(b, depth), '}')
	case []any:
		if len(v) == 0 {
			return append(b, "[]"...)
		}
		separator := byte('[')
		for _, value := range v {
			b = appendNewline(append(b, separator), depth+1)
			b = appendValue(b, value, depth+1)
			separator = ','
		}
		return append(appendNewline(b, depth), ']')
	case string:
		return appendString(b, v)
	case json.Number:
		return append(b, v...)
	case bool:
		return fmt.Appendf(b, "%t", v)
	case nil:
		return append(b, "null"...)
	}
	panic(fmt.Sprintf("nbformat: a value of type %T", v))
}

func appendNewline(b []byte, depth int) []byte {
	b = append(b, '\n')
	for range depth {
		b = append(b, ' ')
	}
	return b
}

// appendString quotes s with no more escapes than JSON demands.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		default:
			if r < ' ' {
				b = fmt.Appendf(b, "\\u%04x", r)
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return append(b, '"')
}

// plain returns v as JSON decodes it, so that appendValue can write it. What
// cannot be encoded becomes a text that says so.
func plain(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("cannot be stored: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return fmt.Sprintf("cannot be stored: %v", err)
	}
	return value
}

// valid returns text with U+FFFD for what is not UTF-8.
func valid(text []byte) string { return strings.ToValidUTF8(string(text), "\uFFFD") }
