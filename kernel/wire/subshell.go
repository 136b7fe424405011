package wire

// CreateSubshell is the content of create_subshell_reply.
type CreateSubshell struct {
	Status string `json:"status"`
	ID     string `json:"subshell_id"`
}

// DeleteSubshell is the content of delete_subshell_reply.
type DeleteSubshell struct {
	Status string `json:"status"`
}

// ListSubshells is the content of list_subshell_reply, whose one field of ids
// has the name of a single one.
type ListSubshells struct {
	Status string   `json:"status"`
	IDs    []string `json:"subshell_id"`
}

// SubshellContent is the content of delete_subshell_request.
type SubshellContent struct {
	ID string `json:"subshell_id"`
}
