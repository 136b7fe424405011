package wire

// Values of the status field of replies.
const (
	OK      = "ok"
	Failed  = "error"
	Aborted = "aborted"
)

// Execution states of the status message.
const (
	Starting = "starting"
	Busy     = "busy"
	Idle     = "idle"
)

// LanguageInfo is kernel_info_reply's language_info.
type LanguageInfo struct {
	Name              string `json:"name"`
	Version           string `json:"version"`
	MIMEType          string `json:"mimetype"`
	FileExtension     string `json:"file_extension"`
	PygmentsLexer     string `json:"pygments_lexer"`
	CodeMirrorMode    string `json:"codemirror_mode"`
	NBConvertExporter string `json:"nbconvert_exporter"`
}

// HelpLink is one entry of kernel_info_reply's help_links.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// KernelInfo is the content of kernel_info_reply.
type KernelInfo struct {
	Status                string       `json:"status"`
	ProtocolVersion       string       `json:"protocol_version"`
	Implementation        string       `json:"implementation"`
	ImplementationVersion string       `json:"implementation_version"`
	LanguageInfo          LanguageInfo `json:"language_info"`
	Banner                string       `json:"banner"`
	Debugger              bool         `json:"debugger"`
	HelpLinks             []HelpLink   `json:"help_links"`
	SupportedFeatures     []string     `json:"supported_features"`
}

// Connect is the content of connect_reply.
type Connect struct {
	Status        string `json:"status"`
	ShellPort     int    `json:"shell_port"`
	IOPubPort     int    `json:"iopub_port"`
	StdinPort     int    `json:"stdin_port"`
	HeartbeatPort int    `json:"hb_port"`
	ControlPort   int    `json:"control_port"`
}

// ExecuteOK is the content of an execute_reply with status ok.
type ExecuteOK struct {
	Status          string         `json:"status"`
	ExecutionCount  int64          `json:"execution_count"`
	Payload         []Page         `json:"payload"`
	UserExpressions map[string]any `json:"user_expressions"`
}

// A Page is the payload of execute_reply that front ends show beside the
// notebook. It is the one kind that the kernel sends.
type Page struct {
	Source string         `json:"source"` // "page"
	Data   map[string]any `json:"data"`
	Start  int            `json:"start"` // the first line to show
}

// ErrorContent is the content of the error message, and part of failed
// replies. Traceback is never nil.
type ErrorContent struct {
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}

// FailedReply is the content of a reply with status error.
type FailedReply struct {
	Status string `json:"status"`
	ErrorContent
}

// ExecuteFailed is the content of an execute_reply with status error.
type ExecuteFailed struct {
	ExecuteOK
	ErrorContent
}

// ExecuteAborted is the content of an execute_reply with status aborted.
type ExecuteAborted struct {
	Status         string `json:"status"`
	ExecutionCount int64  `json:"execution_count"`
}

// ExecuteMetadata is the metadata of execute_reply.
type ExecuteMetadata struct {
	// Started is when the cell began to run, as Timestamp writes it.
	Started string `json:"started"`
}

// IsComplete is the content of is_complete_reply. Indent is sent only with
// status incomplete.
type IsComplete struct {
	Status string  `json:"status"`
	Indent *string `json:"indent,omitempty"`
}

// MatchesKey is the key of complete_reply's metadata under which front ends look
// for a list of CompletionMatch.
const MatchesKey = "_jupyter_types_experimental"

// A CompletionMatch describes one of the matches of complete_reply; the cursors
// count code points.
type CompletionMatch struct {
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Text      string `json:"text"`
	Type      string `json:"type"`
	Signature string `json:"signature"`
}

// Complete is the content of complete_reply; the cursors count code points.
type Complete struct {
	Status      string         `json:"status"`
	Matches     []string       `json:"matches"`
	CursorStart int            `json:"cursor_start"`
	CursorEnd   int            `json:"cursor_end"`
	Metadata    map[string]any `json:"metadata"`
}

// Inspect is the content of inspect_reply.
type Inspect struct {
	Status   string         `json:"status"`
	Found    bool           `json:"found"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// Shutdown is the content of shutdown_reply.
type Shutdown struct {
	Status  string `json:"status"`
	Restart bool   `json:"restart"`
}

// Interrupt is the content of interrupt_reply.
type Interrupt struct {
	Status string `json:"status"`
}

// ExpressionOK is the answer to one of user_expressions that succeeded; a
// FailedReply answers one that did not.
type ExpressionOK struct {
	Status   string         `json:"status"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}
