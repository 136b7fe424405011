package nbformat

import (
	"maps"
	"strings"
)

// In a file, texts are lists of lines, so that versions of a notebook compare
// line by line (nbformat/v4/rwbase.py: split_lines, rejoin_lines).

// split returns the fields of the cell with its texts as lists of lines.
func (c *Cell) split() map[string]any {
	fields := copied(c.fields)
	fields["source"] = listed(joined(fields["source"]))
	if attachments, ok := fields["attachments"].(map[string]any); ok {
		split := map[string]any{}
		for name, bundle := range attachments {
			split[name] = splitBundle(bundle)
		}
		fields["attachments"] = split
	}
	if outputs, ok := fields["outputs"].([]any); ok && c.Type() == "code" {
		split := make([]any, len(outputs))
		for i, output := range outputs {
			split[i] = splitOutput(output)
		}
		fields["outputs"] = split
	}
	return fields
}

func splitOutput(v any) any {
	fields, ok := v.(map[string]any)
	if !ok {
		return v
	}
	fields = copied(fields)
	switch fields["output_type"] {
	case "execute_result", "display_data":
		if data, ok := fields["data"]; ok {
			fields["data"] = splitBundle(data)
		}
	case "stream":
		if text, ok := fields["text"]; ok {
			fields["text"] = listed(joined(text))
		}
	}
	return fields
}

// splitBundle splits the texts of a MIME bundle, and leaves images and JSON in
// one piece.
func splitBundle(v any) any {
	bundle, ok := v.(map[string]any)
	if !ok {
		return v
	}
	split := map[string]any{}
	for mime, value := range bundle {
		if !isJSON(mime) {
			value = joined(value)
		}
		if strings.HasPrefix(mime, "text/") || mime == "application/javascript" || mime == "image/svg+xml" {
			value = listed(value)
		}
		split[mime] = value
	}
	return split
}

func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}

// joined returns a list of strings as one string, and anything else as it is.
func joined(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	var text strings.Builder
	for _, line := range list {
		line, ok := line.(string)
		if !ok {
			return v
		}
		text.WriteString(line)
	}
	return text.String()
}

// listed returns a string as the list of its lines, and anything else as it is.
func listed(v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	lines := []any{}
	for text != "" {
		end := lineEnd(text)
		lines = append(lines, text[:end])
		text = text[end:]
	}
	return lines
}

// lineEnd returns where the first line of text ends, after its line break. What
// breaks a line is what does for Python's str.splitlines.
func lineEnd(text string) int {
	for i, r := range text {
		switch r {
		case '\r':
			if strings.HasPrefix(text[i+1:], "\n") {
				return i + 2
			}
			return i + 1
		case '\n', '\v', '\f', '\x1c', '\x1d', '\x1e':
			return i + 1
		case '\u0085':
			return i + 2
		case '\u2028', '\u2029':
			return i + 3
		}
	}
	return len(text)
}

// copied is a shallow copy, never nil.
func copied(fields map[string]any) map[string]any {
	if fields == nil {
		return map[string]any{}
	}
	return maps.Clone(fields)
}
