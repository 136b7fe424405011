package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain makes the test binary the fake interpreter that the tests run
// programs with.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "run" || os.Args[1] == "hang") {
		interpret(os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

// interpret does what a program says, a line a statement.
func interpret(args []string) {
	if args[0] == "hang" {
		hang()
	}
	source, err := os.ReadFile(args[len(args)-1])
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(source)) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "out":
			fmt.Println(rest)
		case "err":
			fmt.Fprintln(os.Stderr, rest)
		case "arguments":
			fmt.Println(args)
		case "temporary":
			if err := os.WriteFile(filepath.Join(os.TempDir(), "file"), nil, 0o600); err != nil {
				panic(err)
			}
			fmt.Fprintln(os.Stderr, os.TempDir())
		case "exit":
			status, _ := strconv.Atoi(rest)
			os.Exit(status)
		case "die":
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		case "hang":
			hang()
		case "orphan": // a process of another group that keeps the output open
			cmd := exec.Command(os.Args[0], "hang")
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				panic(err)
			}
			if err := os.WriteFile(rest, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
				panic(err)
			}
		case "grow":
			all := map[int][]byte{}
			for {
				block := make([]byte, 1<<20)
				for i := 0; i < len(block); i += 512 {
					block[i] = 1
				}
				all[len(all)] = block
				time.Sleep(time.Millisecond) // so slowly that a slow runner sees it in time
			}
		case "flood":
			for {
				fmt.Println("again")
			}
		}
	}
}

// hang waits without end, and not for another goroutine, which Go would notice.
func hang() {
	for {
		time.Sleep(time.Hour)
	}
}

// newTestSuite makes a suite for the programs in files, path to text, whose
// interpreter is the test binary.
func newTestSuite(t *testing.T, files map[string]string) *suite {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	interpreter, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	// A race detector makes a process wait for a second at its end.
	env := append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	return &suite{
		request: request{tests: dir, cuaderno: interpreter, parallel: 2, limits: limits{time: 30 * time.Second, memory: 2 << 30}},
		env:     env,
		dir:     t.TempDir(),
	}
}

func TestVerdicts(t *testing.T) {
	tests := []struct{ name, program, out, want string }{
		{"silence", "", "-", ""},
		{"both streams as they come", "out one\nerr two\nout three\n", "one\ntwo\nthree\n", ""},
		{"CRLF in the output", "out one\r\n", "one\n", ""},
		{"the engine is asked for", "arguments\n", "[run --engine=fast the_engine_is_asked_for.go]\n", ""},
		{"output without a file", "err hello\n", "-", "output, where none is expected: hello"},
		{"another line", "out one\nout 2\n", "one\ntwo\n", `output differs at line 2: got "2", want "two"`},
		{"too little", "out one\n", "one\ntwo\n", `output differs at line 2: got "", want "two"`},
		{"too much", "out one\nout two\n", "one\n", `output differs at line 2: got "two", want ""`},
		{"no output", "", "one\n", `output differs at line 1: got "", want "one"`},
		{"a status", "out one\nexit 3\n", "one\n", "exit status 3: one"},
		{"a status and nothing said", "exit 1\n", "-", "exit status 1"},
		{"a coloured first line", "err \nerr \x1b[1;31mpanic:\x1b[0m no\nexit 2\n", "-", "exit status 2: panic: no"},
		{"a signal", "die\n", "-", "signal: killed"},
	}
	files := map[string]string{}
	var programs []string
	for _, test := range tests {
		name := strings.ReplaceAll(test.name, " ", "_")
		programs = append(programs, name+".go")
		files[name+".go"] = test.program
		if test.out != "-" {
			files[name+".out"] = test.out
		}
	}
	results, err := newTestSuite(t, files).run(t.Context(), "fast", programs, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range tests {
		if got := results[i]; got.failure != test.want || got.program != programs[i] {
			t.Errorf("%s: %s got %q, want %q", test.name, got.program, got.failure, test.want)
		}
	}
}

func TestTimeLimitEndsEveryProcess(t *testing.T) {
	child := filepath.Join(t.TempDir(), "pid")
	s := newTestSuite(t, map[string]string{"a.go": "orphan " + child + "\nhang\n", "b.go": "flood\n"})
	// Starting two processes takes less, else the wait below ends the test.
	s.limits.time = 5 * time.Second
	results, err := s.run(t.Context(), "", []string{"a.go", "b.go"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range results {
		if found.failure != "more than 5s" {
			t.Errorf("%s: %q", found.program, found.failure)
		}
	}
	expectGone(t, child)
}

func TestNothingOutlivesAProgram(t *testing.T) {
	child := filepath.Join(t.TempDir(), "pid")
	s := newTestSuite(t, map[string]string{"a.go": "orphan " + child + "\nout done\n", "a.out": "done\n"})
	results, err := s.run(t.Context(), "", []string{"a.go"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if results[0].failure != "" {
		t.Errorf("the program failed: %s", results[0].failure)
	}
	expectGone(t, child)
}

func TestMemoryLimit(t *testing.T) {
	s := newTestSuite(t, map[string]string{"a.go": "grow\n"})
	s.limits.memory = 256 << 20
	results, err := s.run(t.Context(), "", []string{"a.go"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := results[0].failure; got != "more than 256 MiB" {
		t.Errorf("got %q", got)
	}
}

func TestInterruptEndsTheRun(t *testing.T) {
	child := filepath.Join(t.TempDir(), "pid")
	if err := syscall.Mkfifo(child, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newTestSuite(t, map[string]string{"a.go": "orphan " + child + "\nhang\n"})
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupt := errors.New("interrupt")
	var pid []byte
	go func() {
		pid, _ = os.ReadFile(child) // returns when the program has written it
		cancel(interrupt)
	}()
	if _, err := s.run(ctx, "", []string{"a.go"}, io.Discard); !errors.Is(err, interrupt) {
		t.Fatalf("the error is %v", err)
	}
	number, err := strconv.Atoi(string(pid))
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := readStat(number); ok && stat.alive {
		t.Errorf("process %d lives", number)
	}
}

func TestTemporaryFilesAreRemoved(t *testing.T) {
	s := newTestSuite(t, map[string]string{"a.go": "temporary\n"})
	results, err := s.run(t.Context(), "", []string{"a.go"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	_, dir, _ := strings.Cut(results[0].failure, ": ")
	if !strings.HasPrefix(dir, s.dir) {
		t.Fatalf("the program's directory for temporary files is %q", dir)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
}

func TestAnEngineThatDoesNotRunIsOneError(t *testing.T) {
	s := newTestSuite(t, nil)
	if err := s.check(t.Context(), "fast"); err != nil {
		t.Errorf("an engine that runs: %v", err)
	}
	s.cuaderno = "/bin/false"
	if err := s.check(t.Context(), "fast"); err == nil || !strings.Contains(err.Error(), "engine fast") {
		t.Errorf("the error is %v", err)
	}
}

func TestAMissingProgramIsNoFailureOfTheEngine(t *testing.T) {
	s := newTestSuite(t, nil)
	if _, err := s.run(t.Context(), "", []string{"gone.go"}, io.Discard); err == nil || !strings.Contains(err.Error(), "another Go release") {
		t.Errorf("the error is %v", err)
	}
}

// expectGone checks that the process whose number is in file has ended.
func expectGone(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("the program did not start its child: %v", err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := readStat(pid); ok && stat.alive {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Errorf("process %d lives", pid)
	}
}
