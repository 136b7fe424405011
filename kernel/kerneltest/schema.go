package kerneltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"cuaderno/kernel/wire"
)

// A kind is what a JSON value has to be.
type kind string

const (
	text    kind = "string"
	integer kind = "integer"
	boolean kind = "boolean"
	object  kind = "object"
	list    kind = "array"
	texts   kind = "array of strings"
	bundle  kind = "MIME bundle"
)

type schema map[string]kind

// contents says which fields a content has, by type; "type/status" comes first
// where the fields depend on the status. All are required, and no others
// allowed, except optional.
func contents() map[string]schema {
	status := func(s schema) schema {
		s["status"] = text
		return s
	}
	failed := schema{"status": text, "ename": text, "evalue": text, "traceback": texts}
	return map[string]schema{
		"kernel_info_reply": status(schema{
			"protocol_version": text, "implementation": text, "implementation_version": text,
			"language_info": object, "banner": text, "debugger": boolean, "help_links": list,
			"supported_features": texts,
		}),
		"execute_reply/ok": status(schema{"execution_count": integer, "payload": list, "user_expressions": object}),
		"execute_reply/error": status(schema{
			"execution_count": integer, "payload": list, "user_expressions": object,
			"ename": text, "evalue": text, "traceback": texts,
		}),
		"execute_reply/aborted": status(schema{"execution_count": integer}),
		"complete_reply/ok": status(schema{
			"matches": texts, "cursor_start": integer, "cursor_end": integer, "metadata": object,
		}),
		"complete_reply/error":    failed,
		"inspect_reply/ok":        status(schema{"found": boolean, "data": object, "metadata": object}),
		"inspect_reply/error":     failed,
		"is_complete_reply":       status(schema{}),
		"is_complete_reply/error": failed,
		"history_reply/error":     failed,
		"comm_info_reply/error":   failed,
		"history_reply/ok":        status(schema{"history": list}),
		"comm_info_reply/ok":      status(schema{"comms": object}),
		"shutdown_reply":          status(schema{"restart": boolean}),
		"interrupt_reply":         status(schema{}),
		"shutdown_reply/error":    failed,
		"interrupt_reply/error":   failed,
		"kernel_info_reply/error": failed,

		"connect_reply": status(schema{
			"shell_port": integer, "iopub_port": integer, "stdin_port": integer, "hb_port": integer, "control_port": integer,
		}),
		"create_subshell_reply/ok":    status(schema{"subshell_id": text}),
		"create_subshell_reply/error": failed,
		"delete_subshell_reply/ok":    status(schema{}),
		"delete_subshell_reply/error": failed,
		"list_subshell_reply":         status(schema{"subshell_id": texts}),

		"iopub_welcome":       {"subscription": text},
		"status":              {"execution_state": text},
		"execute_input":       {"code": text, "execution_count": integer},
		"stream":              {"name": text, "text": text},
		"execute_result":      {"execution_count": integer, "data": bundle, "metadata": object},
		"display_data":        {"data": bundle, "metadata": object, "transient": object},
		"update_display_data": {"data": bundle, "metadata": object, "transient": object},
		"clear_output":        {"wait": boolean},
		"error":               {"ename": text, "evalue": text, "traceback": texts},
		"comm_open":           {"comm_id": text, "target_name": text, "data": object},
		"comm_msg":            {"comm_id": text, "data": object},
		"comm_close":          {"comm_id": text, "data": object},
		"input_request":       {"prompt": text, "password": boolean},
	}
}

var (
	version = regexp.MustCompile(`^\d+\.\d+$`)
	mime    = regexp.MustCompile(`^[\w.+-]+/[\w.+-]+$`)
)

// Check returns what is wrong with a message of the kernel.
func Check(ch Channel, m *wire.Message) []string {
	faults := checkHeader(m.RawHeader)
	var parent map[string]any
	if err := json.Unmarshal(m.Parent, &parent); err != nil {
		faults = append(faults, "parent_header: "+err.Error())
	}
	if len(parent) > 0 && m.ParentID() == "" {
		faults = append(faults, "parent_header without msg_id")
	}
	isReply := strings.HasSuffix(string(m.Header.Type), "_reply")
	switch {
	case isReply && len(parent) == 0:
		faults = append(faults, "reply without parent_header")
	case ch == IOPub && len(m.Identities) != 1:
		faults = append(faults, fmt.Sprintf("%d frames before the delimiter, want one topic", len(m.Identities)))
	}
	return append(faults, checkContent(m)...)
}

func checkHeader(raw json.RawMessage) []string {
	var header map[string]any
	if err := json.Unmarshal(raw, &header); err != nil {
		return []string{"header: " + err.Error()}
	}
	var faults []string
	for _, key := range []string{"msg_id", "session", "username", "date", "msg_type", "version"} {
		if s, _ := header[key].(string); s == "" {
			faults = append(faults, "header without "+key)
		}
	}
	if date, _ := header["date"].(string); date != "" {
		if _, err := time.Parse(time.RFC3339Nano, date); err != nil {
			faults = append(faults, "header date: "+err.Error())
		}
	}
	if v, _ := header["version"].(string); !version.MatchString(v) {
		faults = append(faults, fmt.Sprintf("header version %q", v))
	}
	return faults
}

func checkContent(m *wire.Message) []string {
	var content map[string]any
	if err := json.Unmarshal(m.Content, &content); err != nil {
		return []string{"content: " + err.Error()}
	}
	name := string(m.Header.Type)
	all := contents()
	status, _ := content["status"].(string)
	want, ok := all[name+"/"+status]
	if !ok {
		if want, ok = all[name]; !ok {
			return []string{fmt.Sprintf("no such message with status %q", status)}
		}
	}
	var faults []string
	for _, field := range slices.Sorted(maps.Keys(want)) {
		value, present := content[field]
		if !present {
			faults = append(faults, "no field "+field)
		} else if !want[field].fits(value) {
			faults = append(faults, fmt.Sprintf("%s is %v, want %s", field, value, want[field]))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(content)) {
		if _, ok := want[field]; !ok && (name != "is_complete_reply" || field != "indent" || status != "incomplete") {
			faults = append(faults, "unexpected field "+field)
		}
	}
	return append(faults, checkValues(m.Header.Type, content)...)
}

// checkValues checks what the type of a field does not tell.
func checkValues(t wire.Type, content map[string]any) []string {
	allowed := map[wire.Type]schemaValues{
		wire.Status:          {"execution_state", []any{wire.Starting, wire.Busy, wire.Idle}},
		wire.Stream:          {"name", []any{"stdout", "stderr"}},
		wire.IsCompleteReply: {"status", []any{"complete", "incomplete", "invalid", "unknown", "error"}},
	}[t]
	if allowed.field != "" && !slices.Contains(allowed.values, content[allowed.field]) {
		return []string{fmt.Sprintf("%s is %v, want one of %v", allowed.field, content[allowed.field], allowed.values)}
	}
	if text, ok := content["text"]; t == wire.Stream && ok && text == "" {
		return []string{"empty stream"}
	}
	return nil
}

type schemaValues struct {
	field  string
	values []any
}

func (k kind) fits(value any) bool {
	switch v := value.(type) {
	case string:
		return k == text
	case bool:
		return k == boolean
	case float64:
		return k == integer && v == float64(int(v))
	case []any:
		return k == list || k == texts && !slices.ContainsFunc(v, func(e any) bool {
			_, ok := e.(string)
			return !ok
		})
	case map[string]any:
		if k != bundle {
			return k == object
		}
		if _, ok := v["text/plain"]; !ok {
			return false
		}
		for key := range v {
			if !mime.MatchString(key) {
				return false
			}
		}
		return true
	}
	return false
}
