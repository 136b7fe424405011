package lang

import "cuaderno/interp/display"

// A Completeness is the answer to is_complete_request.
type Completeness struct {
	// Status is "complete", "incomplete", "invalid" or "unknown".
	Status string `json:"status"`
	// Indent is what the next line should start with when incomplete.
	Indent string `json:"indent,omitempty"`
}

// A Completion is the answer to complete_request: what may replace the code
// points from Start to End.
type Completion struct {
	Matches []Match `json:"matches"`
	Start   int     `json:"start"`
	End     int     `json:"end"`
}

// A Match is one way to complete.
type Match struct {
	// Text replaces the code points from Start to End of the Completion.
	Text string `json:"text"`
	// Type is what front ends choose an icon by: "function", "method", "field",
	// "variable", "constant", "type", "package" or "keyword".
	Type string `json:"type,omitempty"`
	// Signature is the type of a value, or the parameters and results of a
	// function.
	Signature string `json:"signature,omitempty"`
}

// An Inspection is the answer to inspect_request; Bundle is nil when nothing is
// known.
type Inspection struct {
	Bundle *display.Bundle `json:"bundle,omitempty"`
}
