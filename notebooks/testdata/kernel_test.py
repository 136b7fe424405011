"""The conformance tests of jupyter_kernel_test, with samples in Go.

Every test has a sample: a test that is skipped is an error. The exit status is
0 when all is well.
"""

import sys

import jupyter_kernel_test

import strict


class CuadernoTests(jupyter_kernel_test.KernelTests):
    kernel_name = "cuaderno"
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "oops")'
    code_generate_error = 'panic("oops")'

    complete_code_samples = [
        "1 + 1",
        "x := 3",
        'import "fmt"\nfmt.Println("hello")',
        "func double(x int) int {\n\treturn 2 * x\n}",
        "for i := range 3 {\n\tprintln(i)\n}",
        "// a comment",
    ]
    incomplete_code_samples = [
        "for i := range 3 {",
        "func double(x int) int {\n\treturn 2 * x",
        'fmt.Println("a",',
        "text := `two",
        "x := 1 +",
        "import (",
    ]
    invalid_code_samples = [
        "x := )",
        "func 1f() {}",
        "}",
        'text := "never closed',
    ]

    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "x := 20\nx + 1", "result": "21"},
        {"code": "len([]int{1, 2, 3})", "result": "3"},
        {"code": "1 < 2", "result": "true"},
    ]
    code_display_data = [
        {"code": 'display.Show(display.HTML("<b>hi</b>"))', "mime": "text/html"},
        {"code": 'display.Show(display.Markdown("**hi**"))', "mime": "text/markdown"},
        {"code": 'display.Show(display.HTML("<b>hi</b>"))', "mime": "text/plain"},
    ]
    code_clear_output = "display.Clear()"

    completion_samples = [
        {"text": "strings.HasPre", "matches": {"HasPrefix"}},
        {"text": "fmt.Sscan", "matches": {"Sscan", "Sscanf", "Sscanln"}},
        {"text": "defe", "matches": {"defer"}},
    ]
    code_inspect_sample = "strings.HasPrefix"
    code_page_something = "strings.HasPrefix?"
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6*7"


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "cuaderno"
    support_iopub_welcome = True


if __name__ == "__main__":
    sys.exit(strict.run(CuadernoTests, WelcomeTests))
