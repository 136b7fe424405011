package wire

import "encoding/json"

// CommContent is the content of comm_open, comm_msg and comm_close, in either
// direction. Metadata and buffers travel beside it, in the Message.
type CommContent struct {
	CommID string `json:"comm_id"`
	// TargetName is there in comm_open only.
	TargetName string          `json:"target_name,omitempty"`
	Data       json.RawMessage `json:"data"`
}

// CommInfoContent is the content of comm_info_request; an empty TargetName asks
// for the comms of all targets.
type CommInfoContent struct {
	TargetName string `json:"target_name"`
}

// CommInfo is the content of comm_info_reply: the open comms by id.
type CommInfo struct {
	Status string                `json:"status"`
	Comms  map[string]CommTarget `json:"comms"`
}

// CommTarget is what comm_info_reply says of one comm.
type CommTarget struct {
	TargetName string `json:"target_name"`
}
