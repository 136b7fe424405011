package kernel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// A rule is one of the numbered rules of the protocol that the kernel honours.
type rule struct {
	number int
	says   string
	tests  []string // of this package, of wire and of transport
}

// rules says which tests prove which rule. The numbers are those of the survey
// that the kernel was designed from; the sections are of jupyter_client's
// docs/messaging.rst.
var rules = []rule{
	{1, "busy first, idle last, around every request on shell and control", []string{"TestEveryRequestIsBetweenBusyAndIdle", "TestExecuteOrder"}},
	{2, "streams are flushed before the reply and idle", []string{"TestExecuteOrder", "TestOutputPrecedesWhatFollows"}},
	{3, "one execute_reply for each request, with execution_count", []string{"TestPipelinedCellsAnswerInOrder", "TestUnreadableExecuteIsAnswered"}},
	{4, "aborted requests get reply, execution_count, busy and idle", []string{"TestErrorAbortsWhatWaits"}},
	{5, "the status of aborted requests is aborted", []string{"TestErrorAbortsWhatWaits"}},
	{6, "only waiting execute requests are aborted", []string{"TestErrorAbortsWhatWaits", "TestQuickErrorAbortsWhatWasSentWithIt"}},
	{7, "no abort without stop_on_error, nor when silent", []string{"TestStopOnErrorIsHonoured"}},
	{8, "silent: nothing but busy and idle", []string{"TestSilent"}},
	{9, "store_history=false keeps the counter", []string{"TestStoreHistory"}},
	{10, "missing fields take defaults, unknown types get busy and idle", []string{"TestDecodeExecuteDefaults", "TestUnknownTypeGetsBusyAndIdle"}},
	{11, "user_expressions after success only", []string{"TestUserExpressions"}},
	{12, "an error is on iopub and in the reply", []string{"TestErrorIsPublishedAndReplied"}},
	{13, "replies by the channel of the request, to the asker", []string{"TestReplyGoesToTheAsker", "TestEveryRequestIsBetweenBusyAndIdle", "TestInput"}},
	{14, "one topic frame on iopub", []string{"TestTopics"}},
	{15, "own session, unique ids, {} without a parent", []string{"TestHeaders", "TestEncodeWithoutParent"}},
	{16, "parent_header is the request's header, unknown keys and all", []string{"TestHeaders"}},
	{17, "wrong or repeated signatures are dropped", []string{"TestHostileMessagesAreDropped", "TestSignature", "TestReplayIsRefused", "TestOldDigestsAreForgotten"}},
	{18, "five frames after the delimiter; more are buffers", []string{"TestBuffersAreKept", "TestMalformed"}},
	{19, "control is served while a cell runs", []string{"TestControlIsServedWhileACellRuns"}},
	{20, "interrupt", []string{"TestInterrupt", "TestInterruptAtIdle", "TestInterruptDuringInput"}},
	{21, "interrupt_reply on control", []string{"TestInterrupt"}},
	{23, "shutdown: reply, broadcast, end", []string{"TestShutdown", "TestShutdownWhileACellRuns"}},
	{24, "shutdown on shell", []string{"TestShutdown"}},
	{26, "starting is published once", []string{"TestStartingOnce"}},
	{27, "kernel_info does not wait for the session", []string{"TestKernelInfoDoesNotWaitForTheSession"}},
	{30, "cursors count code points", []string{"TestCompleteFindsNothing"}},
	{31, "no completion is status ok", []string{"TestCompleteFindsNothing"}},
	{32, "nothing found is status ok", []string{"TestInspectFindsNothing"}},
	{33, "is_complete, with indent only when incomplete", []string{"TestIsComplete"}},
	{34, "history", []string{"TestHistoryIsEmpty"}},
	{35, "bundles are sound", []string{"TestDisplays"}},
	{36, "update_display_data and clear_output", []string{"TestDisplays"}},
	{37, "stdin", []string{"TestInput", "TestInputIsRefused", "TestStaleInputIsDropped", "TestEndOfInput", "TestInterruptDuringInput"}},
	{38, "a comm for an unknown target is closed", []string{"TestUnknownCommIsClosed"}},
	{39, "late output keeps its cell", []string{"TestLateOutputKeepsItsCell"}},
	{40, "replies in order, counts consecutive", []string{"TestPipelinedCellsAnswerInOrder"}},
	{41, "streams coalesce and keep runes whole", []string{"TestStreamsCoalesce", "TestRunesStayWhole"}},
	{44, "heartbeat echoes bytes", []string{"TestHeartbeat"}},
	{47, "ipc endpoints have a dash", []string{"TestEndpoint", "TestIPC"}},
}

// Each test that the table names exists.
func TestRulesNameTests(t *testing.T) {
	exists := map[string]bool{}
	for _, pattern := range []string{"*_test.go", "wire/*_test.go", "transport/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					exists[f.Name.Name] = true
				}
			}
		}
	}
	for _, r := range rules {
		if len(r.tests) == 0 {
			t.Errorf("rule %d has no test", r.number)
		}
		for _, name := range r.tests {
			if !exists[name] {
				t.Errorf("rule %d: there is no %s", r.number, name)
			}
		}
	}
}
