package kernel_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/protocol.md")

// A rule is one of the numbered rules of the protocol.
type rule struct {
	number  int
	says    string
	section string // of jupyter_client's docs/messaging.rst, or whose practice it is
	tests   tests  // that show it
	absent  string // why it is not offered, instead of tests
}

// tests are names of tests: of this package, or with the directory of another one
// before them, as in "wire.TestSignature" and "cmd/cuaderno.TestInterrupt".
type tests []string

// rules are all the rules that the kernel was designed from.
var rules = []rule{
	{1, "busy first, then replies and output, idle last: for every request on shell and control, comms included", "Request-Reply; Kernel status", tests{"TestEveryRequestIsBetweenBusyAndIdle", "TestExecuteOrder", "TestEveryRequestIsAnsweredOnce", "TestBusyIsSaidAgainWhileACellRuns"}, ""},
	{2, "streams, and those of child processes, are flushed before the reply and idle", "Kernel status", tests{"TestExecuteOrder", "TestOutputPrecedesWhatFollows", "cmd/cuaderno.TestWaysToPrint", "cmd/cuaderno.TestManyLines"}, ""},
	{3, "one execute_reply for each execute_request, always with execution_count", "Request-Reply; Execution results", tests{"TestPipelinedCellsAnswerInOrder", "TestUnreadableExecuteIsAnswered"}, ""},
	{4, "aborted requests get a reply with execution_count, busy and idle", "Request-Reply", tests{"TestErrorAbortsWhatWaits"}, ""},
	{5, "the status of aborted requests is aborted", "Request-Reply", tests{"TestErrorAbortsWhatWaits"}, ""},
	{6, "only execute requests that wait are aborted; what is sent later runs", "ipykernel", tests{"TestErrorAbortsWhatWaits", "TestQuickErrorAbortsWhatWasSentWithIt"}, ""},
	{7, "nothing is aborted without stop_on_error, nor by a silent cell", "Execute", tests{"TestStopOnErrorIsHonoured"}, ""},
	{8, "silent: nothing but busy and idle, the counter stays", "Execute", tests{"TestSilent", "TestSilentSubshellBesideANoisyCell"}, ""},
	{9, "store_history=false keeps the counter; the reply has its value", "Execution counter; Execution results", tests{"TestStoreHistory"}, ""},
	{10, "missing fields take defaults, unknown fields are ignored, unknown types get busy and idle and no reply", "Compatibility", tests{"wire.TestDecodeExecuteDefaults", "TestUnknownTypeGetsBusyAndIdle"}, ""},
	{11, "user_expressions after success only, each with a status of its own", "Execute", tests{"TestUserExpressions"}, ""},
	{12, "an error is on iopub and in the reply, with a traceback of strings", "Execution errors; Request-Reply", tests{"TestErrorIsPublishedAndReplied"}, ""},
	{13, "a reply takes the channel of the request, to who asked; input_request too", "The Wire Protocol; Messages on the stdin channel", tests{"TestReplyGoesToTheAsker", "TestEveryRequestIsBetweenBusyAndIdle", "TestInput", "transport.TestRouterAnswersTheAsker"}, ""},
	{14, "iopub has one topic frame", "The Wire Protocol", tests{"TestTopics"}, ""},
	{15, "unique ids, the kernel's own session, ISO 8601 dates, {} without a parent", "Message Header; Parent header", tests{"TestHeaders", "wire.TestEncodeWithoutParent"}, ""},
	{16, "parent_header is the request's header, unknown keys and all", "Parent header", tests{"TestHeaders", "TestSubshellsRunSideBySide"}, ""},
	{17, "HMAC over the frames as they are; what is unsigned, wrong or repeated is dropped and the kernel goes on", "The Wire Protocol", tests{"TestHostileMessagesAreDropped", "wire.TestSignature", "wire.TestEmptyKeyMeansUnsigned", "wire.TestReplayIsRefused", "wire.TestOldDigestsAreForgotten", "cmd/cuaderno.TestHostileMessages"}, ""},
	{18, "five frames after the delimiter or the message is dropped; more are buffers", "The Wire Protocol", tests{"wire.TestBuffersAreKept", "wire.TestMalformed", "wire.TestUnreadableContent", "TestUnreadableRequestsAreAnswered", "cmd/cuaderno.TestHostileMessages", "cmd/cuaderno.TestWidgets"}, ""},
	{19, "control is served while a cell runs, and its messages one after the other", "Messages on the Control channel", tests{"TestControlIsServedWhileACellRuns", "TestControlIsSequential"}, ""},
	{20, "an interrupt ends the cell with an error and aborts what waits; variables live on; also while input is awaited; at idle it does nothing", "Kernel interrupt", tests{"TestInterrupt", "TestInterruptActsBeforeItsTurn", "TestInterruptAtIdle", "TestInterruptDuringInput", "cmd/cuaderno.TestInterrupt", "cmd/cuaderno.TestInterruptStates"}, ""},
	{21, "interrupt_reply on control; SIGINT is harmless", "Kernel interrupt", tests{"TestInterrupt", "cmd/cuaderno.TestInterruptSignalIsHarmless"}, ""},
	{22, "interrupt and shutdown reach child processes", "Kernel interrupt; Kernel shutdown", tests{"cmd/cuaderno.TestInterrupt", "cmd/cuaderno.TestOrderlyEndsLeaveNothing"}, ""},
	{23, "shutdown: reply, broadcast on iopub, end, in time", "Kernel shutdown", tests{"TestShutdown", "TestShutdownWhileACellRuns", "TestShutdownEndsAllShells"}, ""},
	{24, "shutdown on shell is accepted", "Kernel shutdown", tests{"TestShutdown"}, ""},
	{25, "the kernel ends with its parent", "ipykernel", tests{"cmd/cuaderno.TestKernelOfAKilledParent"}, ""},
	{26, "starting is published once", "Kernel status", tests{"TestStartingOnce"}, ""},
	{27, "kernel_info never waits behind the session or the user's code", "jupyter_client", tests{"TestKernelInfoDoesNotWaitForTheSession", "TestQuestionsAreAnsweredWhileACellRuns"}, ""},
	{28, "iopub_welcome is the first message of each subscription", "Welcome message", tests{"TestWelcome", "transport.TestWelcomeIsFirstAndPrivate"}, ""},
	{29, "a subscriber that comes late misses nothing from its welcome on", "Welcome message", tests{"TestLateSubscriberHearsTheEnd"}, ""},
	{30, "cursors count code points, in and out", "cursor_pos and unicode offsets", tests{"TestCompletion", "TestCompleteFindsNothing"}, ""},
	{31, "no completion is status ok with no matches", "Completion", tests{"TestCompleteFindsNothing", "TestQuestionsAreAnsweredWithoutASession"}, ""},
	{32, "nothing to inspect is status ok with found=false", "Introspection", tests{"TestInspectFindsNothing"}, ""},
	{33, "is_complete is answered promptly, with indent only when incomplete", "Code completeness", tests{"TestIsComplete", "TestQuestionsAreAnsweredWithoutASession"}, ""},
	{34, "history: tail, range and search, with outputs where asked", "History", tests{"TestHistory", "TestHistoryOfEarlierKernels"}, ""},
	{35, "bundles are sound: MIME types, text/plain always, metadata an object", "Display Data; Execution results", tests{"TestDisplays", "TestExecuteOrder"}, ""},
	{36, "update_display_data names its display, clear_output waits where asked", "Update Display Data; Clear output", tests{"TestDisplays"}, ""},
	{37, "stdin: output first, stale answers dropped, refused where not allowed, end of input, interruptible", "Messages on the stdin channel", tests{"TestInput", "TestInputIsRefused", "TestStaleInputIsDropped", "TestEndOfInput", "TestInterruptDuringInput", "TestOneQuestionAtATime"}, ""},
	{38, "a comm for an unknown target is closed at once; comm_info is filtered by target", "Opening a Comm; Comm info", tests{"TestUnknownCommIsClosed", "TestCommOfTheFrontEnd", "TestCommOfACell", "TestOutputOfAComm", "TestCommsOfADeadSession", "cmd/cuaderno.TestCommTarget"}, ""},
	{39, "output after idle keeps its parent", "Kernel status", tests{"TestLateOutputKeepsItsCell", "cmd/cuaderno.TestLateOutput"}, ""},
	{40, "cells sent in one go are answered in order, with consecutive counts", "Request-Reply", tests{"TestPipelinedCellsAnswerInOrder"}, ""},
	{41, "streams are joined, and cut between runes only", "Streams", tests{"TestStreamsCoalesce", "TestRunesStayWhole"}, ""},
	{42, "subshells: routed by the header, a queue and abort of its own each, errors for unknown ids, interrupts reach all, shutdown ends all", "Kernel subshells", tests{"TestSubshellLifetime", "TestSubshellsRunSideBySide", "TestUnknownSubshellIsAnError", "TestErrorAbortsItsOwnShellOnly", "TestInterruptReachesAllShells", "TestShutdownEndsAllShells", "TestDeletedSubshellFinishesItsCell", "TestCrashFailsTheCellsOfAllShells", "TestCommInASubshell", "cmd/cuaderno.TestSubshells"}, ""},
	{43, "debug_request and debug_event", "Debug request; Debug event", nil, "there is no debugger: `debugger` is false and `supported_features` does not name it"},
	{44, "heartbeat echoes bytes, also while a cell runs", "Heartbeat for kernels", tests{"TestHeartbeat"}, ""},
	{45, "the handshake: the kernel chooses its ports and registers them", "Kernel startup handshake", tests{"TestRegistration", "TestRegistrationThatNobodyTakes"}, ""},
	{46, "CurveZMQ", "jupyter_client, Security", nil, "there is no encryption: `kernel.json` does not name it, and a connection file has no place for keys"},
	{47, "the endpoint of ipc has a dash before the port", "jupyter_client", tests{"wire.TestEndpoint", "TestIPC"}, ""},
	{48, "a client that comes back with its identity takes the place of its old connection", "ipykernel", tests{"transport.TestIdentityPassesToTheNewerPeer"}, ""},
}

// Each rule has tests that exist, or a reason.
func TestRulesNameTests(t *testing.T) {
	known := map[string]map[string]bool{}
	for i, r := range rules {
		if r.number != i+1 {
			t.Fatalf("rule %d has number %d", i+1, r.number)
		}
		if (len(r.tests) == 0) == (r.absent == "") {
			t.Errorf("rule %d has neither tests nor a reason, or both", r.number)
		}
		for _, name := range r.tests {
			dir := directory(name)
			if known[dir] == nil {
				known[dir] = testsOf(t, dir)
			}
			if !known[dir][strings.TrimPrefix(path.Ext("."+path.Base(name)), ".")] {
				t.Errorf("rule %d: there is no %s", r.number, name)
			}
		}
	}
	if len(rules) != 48 {
		t.Errorf("%d rules, want 48", len(rules))
	}
}

// directory is where the file of a test is.
func directory(name string) string {
	pkg, _, other := strings.Cut(name, ".")
	switch {
	case !other:
		return "."
	case strings.Contains(pkg, "/") || pkg == "notebooks" || pkg == "install":
		return filepath.Join("..", pkg)
	}
	return pkg
}

func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

// The page is what the rules and its text make.
func TestProtocolPage(t *testing.T) {
	const page = "../docs/protocol.md"
	text, err := os.ReadFile("testdata/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(text)
	fmt.Fprintf(&b, "## The %d rules\n\n", len(rules))
	b.WriteString("A section is one of the protocol's text, or whose practice the rule is. A test without a directory is of `kernel`, " +
		"`wire` and `transport` are below it.\n\n| # | rule | section | shown by |\n|---|---|---|---|\n")
	for _, r := range rules {
		shown := "not offered: " + r.absent
		if r.absent == "" {
			shown = "`" + strings.Join(r.tests, "` `") + "`"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", r.number, r.says, r.section, shown)
	}
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != b.String() {
		t.Errorf("docs/protocol.md is not what the rules make (%v); write it with make update", err)
	}
}
