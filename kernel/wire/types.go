package wire

import "strings"

// A Type is a msg_type.
type Type string

// Message types that the kernel receives or sends.
const (
	KernelInfoRequest Type = "kernel_info_request"
	KernelInfoReply   Type = "kernel_info_reply"
	ConnectRequest    Type = "connect_request"
	ConnectReply      Type = "connect_reply"
	ExecuteRequest    Type = "execute_request"
	ExecuteReply      Type = "execute_reply"
	CompleteRequest   Type = "complete_request"
	CompleteReply     Type = "complete_reply"
	InspectRequest    Type = "inspect_request"
	InspectReply      Type = "inspect_reply"
	IsCompleteRequest Type = "is_complete_request"
	IsCompleteReply   Type = "is_complete_reply"
	HistoryRequest    Type = "history_request"
	HistoryReply      Type = "history_reply"
	CommInfoRequest   Type = "comm_info_request"
	CommInfoReply     Type = "comm_info_reply"
	CommOpen          Type = "comm_open"
	CommMsg           Type = "comm_msg"
	CommClose         Type = "comm_close"
	ShutdownRequest   Type = "shutdown_request"
	ShutdownReply     Type = "shutdown_reply"
	InterruptRequest  Type = "interrupt_request"
	InterruptReply    Type = "interrupt_reply"
	InputRequest      Type = "input_request"
	InputReply        Type = "input_reply"

	CreateSubshellRequest Type = "create_subshell_request"
	CreateSubshellReply   Type = "create_subshell_reply"
	DeleteSubshellRequest Type = "delete_subshell_request"
	DeleteSubshellReply   Type = "delete_subshell_reply"
	ListSubshellRequest   Type = "list_subshell_request"
	ListSubshellReply     Type = "list_subshell_reply"

	IOPubWelcome      Type = "iopub_welcome"
	Status            Type = "status"
	ExecuteInput      Type = "execute_input"
	ExecuteResult     Type = "execute_result"
	Stream            Type = "stream"
	DisplayData       Type = "display_data"
	UpdateDisplayData Type = "update_display_data"
	ClearOutput       Type = "clear_output"
	Error             Type = "error"
)

// Reply returns the type that answers a request, and false for a type that has
// no reply.
func (t Type) Reply() (Type, bool) {
	base, ok := strings.CutSuffix(string(t), "_request")
	return Type(base + "_reply"), ok
}
