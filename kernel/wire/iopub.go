package wire

// WelcomeContent is the content of iopub_welcome; Subscription is the topic that
// was subscribed to.
type WelcomeContent struct {
	Subscription string `json:"subscription"`
}

// StatusContent is the content of status.
type StatusContent struct {
	ExecutionState string `json:"execution_state"`
}

// ExecuteInputContent is the content of execute_input.
type ExecuteInputContent struct {
	Code           string `json:"code"`
	ExecutionCount int64  `json:"execution_count"`
}

// StreamContent is the content of stream; Name is "stdout" or "stderr".
type StreamContent struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Transient is display_data's transient dictionary.
type Transient struct {
	DisplayID string `json:"display_id,omitempty"`
}

// DisplayContent is the content of display_data and update_display_data.
type DisplayContent struct {
	Data      map[string]any `json:"data"`
	Metadata  map[string]any `json:"metadata"`
	Transient Transient      `json:"transient"`
}

// ResultContent is the content of execute_result.
type ResultContent struct {
	ExecutionCount int64          `json:"execution_count"`
	Data           map[string]any `json:"data"`
	Metadata       map[string]any `json:"metadata"`
}

// ClearContent is the content of clear_output.
type ClearContent struct {
	Wait bool `json:"wait"`
}

// InputRequestContent is the content of input_request, which travels on stdin.
type InputRequestContent struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}
