"""The conformance tests of jupyter_kernel_test, with samples in Go.

What has no sample is skipped; the tests that are skipped are counted at the
end, so that none is skipped by mistake. The exit status is 0 when all is well.
"""

import sys
import unittest

import jupyter_kernel_test

SKIPPED = {"test_completion", "test_history", "test_inspect", "test_pager"}


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


def main():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(CuadernoTests)
    names = {test._testMethodName for test in suite}
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    skipped = {getattr(test, "test_case", test)._testMethodName for test, _ in result.skipped}
    print(f"{len(names)} tests, {len(skipped)} skipped", file=sys.stderr)
    if skipped != SKIPPED:
        print(f"skipped {sorted(skipped)}, expected {sorted(SKIPPED)}", file=sys.stderr)
        return 1
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
