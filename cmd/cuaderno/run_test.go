package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/internal/nbformat"
)

// An invocation is one run of the real cuaderno in a directory of its own.
type invocation struct {
	status         int
	stdout, stderr string
}

// invoke runs the real program in dir. Whatever hangs ends after a minute.
func invoke(t *testing.T, dir, stdin string, args ...string) invocation {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), realProgram(t), args...)
	command.Dir, command.Stdin, command.Stdout, command.Stderr = dir, strings.NewReader(stdin), &stdout, &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() })
	defer limit.Stop()
	var exit *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return invocation{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func (i invocation) check(t *testing.T, status int, stdout string, stderr ...string) {
	t.Helper()
	if i.status != status || i.stdout != stdout {
		t.Errorf("status %d, stdout %q; want %d, %q", i.status, i.stdout, status, stdout)
	}
	if len(stderr) == 0 && i.stderr != "" {
		t.Errorf("stderr %q", i.stderr)
	}
	for _, want := range stderr {
		if !strings.Contains(i.stderr, want) {
			t.Errorf("no %q in stderr:\n%s", want, i.stderr)
		}
	}
	if strings.Contains(i.stderr, "\x1b") {
		t.Errorf("colours where there is no terminal: %q", i.stderr)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goFile returns a program whose main has these statements.
func goFile(statements string) string {
	return "package main\n\nimport (\n\t\"bufio\"\n\t\"fmt\"\n\t\"os\"\n)\n\nvar _ = bufio.NewScanner\nvar _ = os.Exit\nvar _ = fmt.Sprint\n\nfunc main() {\n" + statements + "\n}\n"
}

func TestRunProgram(t *testing.T) {
	tests := []struct {
		name, source, stdin string
		args                []string
		status              int
		stdout              string
		stderr              []string
	}{
		{
			name: "arguments", source: goFile(`fmt.Println(len(os.Args), os.Args[0], os.Args[1], os.Args[2])`),
			args: []string{"p.go", "-o", "a b"}, stdout: "3 p.go -o a b\n",
		},
		{
			name: "arguments after dashes", source: goFile(`fmt.Println(len(os.Args), os.Args[1])`),
			args: []string{"p.go", "--", "--timeout"}, stdout: "2 --timeout\n",
		},
		{
			name: "streams", source: goFile("fmt.Println(\"out\")\nfmt.Fprintln(os.Stderr, \"err\")"),
			args: []string{"p.go"}, stdout: "out\n", stderr: []string{"err\n"},
		},
		{
			name: "input", stdin: "uno\ndos",
			source: goFile("s := bufio.NewScanner(os.Stdin)\nfor s.Scan() {\n\tfmt.Println(\"<\" + s.Text() + \">\")\n}\nfmt.Println(s.Err())"),
			args:   []string{"p.go"}, stdout: "<uno>\n<dos>\n<nil>\n",
		},
		{
			name: "input by fmt", stdin: "3 4\n5",
			source: goFile("a, b, c := 0, 0, 0\nfmt.Scan(&a, &b)\nfmt.Scan(&c)\n_, err := fmt.Scan(&c)\nfmt.Println(a, b, c, err)"),
			args:   []string{"p.go"}, stdout: "3 4 5 EOF\n",
		},
		{name: "exit", source: goFile("fmt.Println(1)\nos.Exit(7)"), args: []string{"p.go"}, status: 7, stdout: "1\n"},
		{name: "exit without failure", source: goFile("os.Exit(0)"), args: []string{"p.go"}},
		{
			name: "panic", source: goFile("fmt.Println(1)\nvar m map[string]int\nm[\"a\"] = 1"),
			args: []string{"p.go"}, status: 2, stdout: "1\n",
			stderr: []string{"panic: assignment to entry in nil map\n", "p.go:16  main", `m["a"] = 1`},
		},
		{
			name: "panic in a goroutine", source: goFile("go func() { panic(\"boom\") }()\n<-make(chan int)"),
			args: []string{"p.go"}, status: 2, stderr: []string{"panic: boom\n", "p.go:14"},
		},
		{
			name: "crash", source: goFile("m := map[string]any{}\nm[\"m\"] = m\nfmt.Println(m)"),
			args: []string{"p.go"}, status: 2, stderr: []string{"fatal error: stack overflow"},
		},
		{
			name: "compile error", source: goFile("fmt.Println(1)\nfmt.Printl(n)"), args: []string{"p.go"}, status: 1,
			stderr: []string{"p.go:15:5: undefined: fmt.Printl", "p.go:15:12: undefined: n", "fmt.Printl(n)\n"},
		},
		{
			name: "timeout", source: goFile("fmt.Println(1)\nfor {\n}"), args: []string{"--timeout", "2s", "p.go"}, status: 1,
			stdout: "1\n", stderr: []string{"the program ran longer than 2s (--timeout)", "p.go"},
		},
		{name: "a program from standard input", stdin: goFile(`fmt.Println(os.Args[1:])`), args: []string{"-", "a"}, stdout: "[a]\n"},
		{name: "a cell from standard input", stdin: "x := 20\nfmt.Println(x)\nx + 1", args: []string{"-"}, stdout: "20\n21\n"},
		{name: "an error in standard input", stdin: "x", args: []string{"-"}, status: 1, stderr: []string{"<standard input>:1:1: undefined: x"}},
		{
			name: "a child", args: []string{"p.go"}, stdout: "7\n",
			source: "package main\n\nimport (\n\t\"fmt\"\n\n\tmp \"cuaderno/mpruntime\"\n)\n\nfunc work(n int) { fmt.Println(n) }\n\nfunc main() {\n\tp := mp.NewProcess(work, 7)\n\tp.Start()\n\tp.Join()\n}\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "p.go", test.source)
			invoke(t, dir, test.stdin, append([]string{"run"}, test.args...)...).check(t, test.status, test.stdout, test.stderr...)
		})
	}
}

func TestRunMistakes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.go", goFile(""))
	write(t, dir, "py.ipynb", `{"nbformat": 4, "cells": [], "metadata": {"language_info": {"name": "python"}}}`)
	write(t, dir, "go.ipynb", `{"nbformat": 4, "cells": [], "metadata": {}}`)
	write(t, dir, "old.ipynb", `{"nbformat": 3}`)
	tests := []struct {
		args   string
		status int
		want   string
	}{
		{"", 2, "name a file"},
		{"p.txt", 2, "neither a .go nor an .ipynb file"},
		{"-o x.ipynb p.go", 2, "for notebooks"},
		{"--allow-errors -", 2, "for notebooks"},
		{"--timeout -1s p.go", 2, "no duration"},
		{"--timeout soon p.go", 2, "such as 30s"},
		{"--memory lots p.go", 2, "such as 512M"},
		{"--output out.ipynb n.ipynb", 2, "is no size"},
		{"go.ipynb --tiemout 5s", 2, "tiemout"},
		{"gone.go", 1, "gone.go"},
		{"gone.ipynb", 1, "gone.ipynb"},
		{"py.ipynb", 1, "py.ipynb is a notebook for python, not for Go"},
		{"old.ipynb", 1, "not 4"},
		{"go.ipynb -o gone/x.ipynb", 1, "-o gone/x.ipynb"},
	}
	for _, test := range tests {
		invoke(t, dir, "", append([]string{"run"}, strings.Fields(test.args)...)...).check(t, test.status, "", test.want)
	}
}

func TestRunIsEndedBySignals(t *testing.T) {
	for signal, status := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "p.go", goFile("fmt.Println(\"ready\")\nfor {\n}"))
			command := exec.CommandContext(t.Context(), realProgram(t), "run", "p.go")
			var stderr bytes.Buffer
			command.Dir, command.Stderr = dir, &stderr
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			limit := time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() })
			defer limit.Stop()
			if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
				t.Errorf("%q, %v", line, err)
			}
			if err := command.Process.Signal(signal); err != nil {
				t.Error(err)
			}
			if _, err := io.Copy(io.Discard, stdout); err != nil {
				t.Error(err)
			}
			_ = command.Wait() // the status tells
			if got := command.ProcessState.ExitCode(); got != status || !strings.Contains(stderr.String(), "the program was interrupted") {
				t.Errorf("status %d, want %d\n%s", got, status, stderr.String())
			}
		})
	}
}

// notebookFile is a notebook with text above cells, each with the tag that
// stands before its code and a bar, if any.
func notebookFile(cells ...string) string {
	var b strings.Builder
	b.WriteString(`{"nbformat": 4, "nbformat_minor": 5, "vendor": {"b": 1, "a": 2.50}, "metadata": {"kernelspec": {"language": "go"}}, "cells": [` +
		`{"cell_type": "markdown", "id": "top", "metadata": {"deep": [null]}, "source": ["# Título\n", "fin"]}`)
	for i, code := range cells {
		tags := "[]"
		if tag, rest, tagged := strings.Cut(code, "|"); tagged {
			tags, code = fmt.Sprintf("[%q]", tag), rest
		}
		fmt.Fprintf(&b, `, {"cell_type": "code", "id": "c%c", "execution_count": null, "outputs": [], "metadata": {"tags": %s}, "source": %q}`,
			'a'+i, tags, code)
	}
	b.WriteString("]}")
	return b.String()
}

// outputs returns the code cells of an executed notebook in short: the execution
// count and each output.
func outputs(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cells []struct {
			Type    string `json:"cell_type"`
			Count   any    `json:"execution_count"`
			Outputs []struct {
				Type  string              `json:"output_type"`
				Name  string              `json:"name"`
				Text  []string            `json:"text"`
				Data  map[string][]string `json:"data"`
				Error string              `json:"ename"`
				Value string              `json:"evalue"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var cells []string
	for _, cell := range file.Cells {
		if cell.Type != "code" {
			continue
		}
		words := []string{fmt.Sprint(cell.Count)}
		for _, output := range cell.Outputs {
			plain := strings.Join(output.Data["text/plain"], "")
			switch output.Type {
			case "stream":
				words = append(words, fmt.Sprintf("%s:%q", output.Name, strings.Join(output.Text, "")))
			case "error":
				words = append(words, output.Error+": "+output.Value)
			default:
				words = append(words, output.Type+":"+plain)
			}
		}
		cells = append(cells, strings.Join(words, " "))
	}
	return cells
}

func TestRunNotebookWritesOutputs(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile(
		"x := 20\nfmt.Println(\"a\")\nfmt.Println(\"b\")\nprintln(\"c\")\nx + 1",
		"",
		"h := display.Show(\"one\")",
		"skip-execution|panic(\"skipped\")",
		"h.Update(\"two\")\nfmt.Println(\"gone\")\ndisplay.Clear(true)\nfmt.Println(x, os.Args[1])",
		"raises-exception|panic(\"on purpose\")",
		"d, err := os.Getwd()\nfmt.Println(filepath.Base(d), err)",
	))
	if err := os.Mkdir(filepath.Join(dir, "elsewhere"), 0o755); err != nil {
		t.Fatal(err)
	}
	invoke(t, filepath.Join(dir, "elsewhere"), "", "run", "../n.ipynb", "-o", "out.ipynb", "arg").check(t, 0, "")
	name := filepath.Join(dir, "elsewhere", "out.ipynb")
	want := []string{
		`1 stdout:"a\nb\n" stderr:"c\n" execute_result:21`,
		"<nil>",
		"2 display_data:two",
		"<nil>",
		`3 stdout:"20 arg\n"`,
		"4 Panic: on purpose",
		fmt.Sprintf("5 stdout:%q", filepath.Base(dir)+" <nil>\n"),
	}
	compare(t, outputs(t, name), want)

	// Everything else of the notebook is as it was.
	before, err := nbformat.ReadFile(filepath.Join(dir, "n.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := nbformat.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	recorder := nbformat.NewRecorder()
	for _, notebook := range []*nbformat.Notebook{before, after} {
		for _, cell := range notebook.Cells[1:] {
			recorder.Begin(cell, 0)
		}
	}
	recorder.Store()
	if string(before.Bytes()) != string(after.Bytes()) {
		t.Errorf("before\n%s\nafter\n%s", before.Bytes(), after.Bytes())
	}
}

func TestRunNotebookPrints(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile(
		"x := 20\nfmt.Println(\"a\")\nprintln(\"c\")\nx + 1",
		"h := display.Show(\"one\")\nh.Update(\"two\")",
		"raises-exception|panic(\"on purpose\")",
		"var s string\nfmt.Scan(&s)",
		"fmt.Println(\"not reached\")",
	))
	invoke(t, dir, "unread\n", "run", "n.ipynb").check(t, 1, "a\n21\none\ntwo\n",
		"c\n", "panic: on purpose", "n.ipynb: cell 5 (In [4], id cd) failed", "the front end does not allow it")
}

func TestRunNotebookStopsAtAFailure(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile("fmt.Println(1)", "x := 1\npanic(fmt.Sprint(x))", "fmt.Println(3)"))
	invoke(t, dir, "", "run", "--allow-errors=false", "-o", "n.ipynb", "n.ipynb").check(t, 1, "",
		"cuaderno run: n.ipynb: cell 3 (In [2], id cb) failed: Panic", "In [2]:2", "panic(fmt.Sprint(x))")
	compare(t, outputs(t, filepath.Join(dir, "n.ipynb")), []string{
		`1 stdout:"1\n"`, "2 Panic: 1", "<nil>",
	})
}

func TestRunNotebookGoesOnAfterErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile("x := 1", "x = nada", "os.Exit(3)", "x"))
	invoke(t, dir, "", "run", "n.ipynb", "--allow-errors", "-o", "out.ipynb").check(t, 0, "")
	compare(t, outputs(t, filepath.Join(dir, "out.ipynb")), []string{
		"1",
		"2 CompileError: In [2]:1:5: undefined: nada",
		"3 Exit: exit status 3",
		"4 execute_result:1",
	})
}

func TestRunNotebookInAFreshSessionAfterACrash(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile("x := 1", "raises-exception|m := map[string]any{}\nm[\"m\"] = m\nfmt.Println(m)", "raises-exception|x", "x := 2\nx"))
	invoke(t, dir, "", "run", "n.ipynb", "-o", "out.ipynb").check(t, 0, "")
	compare(t, outputs(t, filepath.Join(dir, "out.ipynb")), []string{
		"1",
		"2 SessionCrashed: fatal error: stack overflow",
		"3 CompileError: In [3]:1:1: undefined: x (it was lost in the crash; %restore brings it back)",
		"4 execute_result:2",
	})
}

func TestRunNotebookInterruptsACellAfterTheTimeout(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile("x := 1", "for {\n}", "x"))
	timeout := "CellTimeout: the cell ran longer than 2s (--timeout)"
	invoke(t, dir, "", "run", "n.ipynb", "--timeout=2s", "-o", "stopped.ipynb").check(t, 1, "",
		"cell 3 (In [2], id cb) failed: "+timeout, "the variables are kept")
	compare(t, outputs(t, filepath.Join(dir, "stopped.ipynb")), []string{"1", "2 " + timeout, "<nil>"})
	invoke(t, dir, "", "run", "n.ipynb", "--timeout=2s", "--allow-errors", "-o", "out.ipynb").check(t, 0, "")
	compare(t, outputs(t, filepath.Join(dir, "out.ipynb")), []string{"1", "2 " + timeout, "3 execute_result:1"})
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestRunNotebookWaitsForProcesses(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile(
		"func late() { time.Sleep(1200 * time.Millisecond); fmt.Println(\"late\") }\np := mp.NewProcess(late)\np.Start()\nfmt.Println(\"started\")",
		"fmt.Println(\"last\")",
	))
	invoke(t, dir, "", "run", "-o", "out.ipynb", "n.ipynb").check(t, 0, "")
	compare(t, outputs(t, filepath.Join(dir, "out.ipynb")), []string{`1 stdout:"started\nlate\n"`, `2 stdout:"last\n"`})

	write(t, dir, "n.ipynb", notebookFile(
		"p := mp.NewProcess(func() { fmt.Println(\"on\"); time.Sleep(time.Hour) })\np.Start()",
		"panic(\"on purpose\")",
	))
	invoke(t, dir, "", "run", "n.ipynb").check(t, 1, "on\n", "these processes still ran and were killed: Process-1 (pid ")
}

func TestRunNotebookThatWaitsForProcessesIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile("p := mp.NewProcess(func() { fmt.Println(\"on\"); time.Sleep(time.Hour) })\np.Start()"))
	invoke(t, dir, "", "run", "--timeout", "2s", "n.ipynb").check(t, 1, "on\n", "waiting for the processes that its cells have started: CellTimeout", "Process-1 (pid ")
}

func TestThenThatPanicsFailsItsCell(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile(
		"x := 7\npool := mp.NewPool(1)\nf := pool.ApplyAsync(func() int { return 1 })\nf.Then(func(any, error) { panic(\"in Then\") })\nf.Get()\ntime.Sleep(time.Minute)",
		"fmt.Println(x)",
	))
	invoke(t, dir, "", "run", "--allow-errors", "n.ipynb").check(t, 0, "7\n", "panic: in Then", "In [1]:4", "(in a goroutine that In [1] started)")
}

func TestAProcessThatDiesOfTheRuntimeSaysSoShortly(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile(
		"p := mp.NewProcess(func() { syscall.Kill(os.Getpid(), syscall.SIGQUIT); select {} })\np.Start()\np.Join()\nfmt.Println(p.ExitCode())",
	))
	got := invoke(t, dir, "", "run", "n.ipynb")
	got.check(t, 0, "2 true\n", "Process-1 (pid ", "): SIGQUIT: quit")
	if strings.Contains(got.stderr, "goroutine") || len(got.stderr) > 200 {
		t.Errorf("%d bytes on stderr:\n%.2000s", len(got.stderr), got.stderr)
	}
}

func TestDeclarationsThatAreNotKeptAreAWarning(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "n.ipynb", notebookFile(
		"err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: 1})",
		"func f() int { return 4 }\nfmt.Println(f(), err)",
	))
	invoke(t, dir, "", "run", "n.ipynb").check(t, 0, "4 <nil>\n", "the declarations of the cell could not be kept for children: ", "file too large")
}
