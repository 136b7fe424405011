package kernel

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// featureSubshells is what kernel_info_reply's supported_features calls subshells.
const featureSubshells = "kernel subshells"

// createSubshell handles create_subshell_request.
func (k *Kernel) createSubshell(ctx context.Context, r *request) {
	id := uuid.NewString()
	if !k.open(ctx, id) {
		k.fail(r, "KernelError", "the kernel is shutting down: no subshell was created")
		return
	}
	k.reply(r, wire.CreateSubshell{Status: wire.OK, ID: id})
}

// deleteSubshell handles delete_subshell_request. From here on the id is unknown.
// A cell that runs there goes on to its end, and interrupts still reach it; cells
// that wait behind it are aborted.
func (k *Kernel) deleteSubshell(_ context.Context, r *request) {
	var in wire.SubshellContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	if in.ID == "" || !k.retire(in.ID) {
		e := noSubshell(in.ID)
		k.fail(r, e.Name, e.Value)
		return
	}
	k.reply(r, wire.DeleteSubshell{Status: wire.OK})
}

// retire has a subshell take no more requests. It is false when there is none of
// that id.
func (k *Kernel) retire(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.findLocked(id)
	if s == nil {
		return false
	}
	s.deleted = true
	s.queue.close()
	s.abort(s.queue.last())
	return true
}

// listSubshells handles list_subshell_request; the oldest comes first.
func (k *Kernel) listSubshells(_ context.Context, r *request) {
	ids := []string{}
	k.mu.Lock()
	for _, s := range k.shells {
		if s.id != "" && !s.deleted {
			ids = append(ids, s.id)
		}
	}
	k.mu.Unlock()
	k.reply(r, wire.ListSubshells{Status: wire.OK, IDs: ids})
}

// unknownSubshell handles a request that names a subshell which does not exist.
func (k *Kernel) unknownSubshell(_ context.Context, r *request) {
	e := noSubshell(r.Header.Subshell)
	k.fail(r, e.Name, e.Value)
}

func noSubshell(id string) *lang.Error {
	return &lang.Error{
		Name:  "UnknownSubshellError",
		Value: "there is no subshell " + id + ": it was deleted, or the kernel has been restarted",
	}
}
