"""The kernel in a terminal: jupyter console, used as a person does.

The exit status is 0 when all is well and nothing was skipped.
"""

import re
import sys
import unittest

import pexpect

import strict

LIMIT = 60  # seconds that anything may take on a busy machine

COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class ConsoleTests(unittest.TestCase):
    def setUp(self):
        self.console = pexpect.spawn(
            sys.executable, ["-m", "jupyter_console", "--kernel", "cuaderno", "--simple-prompt"],
            timeout=LIMIT, encoding="utf-8", echo=False, dimensions=(50, 200))
        self.addCleanup(self.console.close, force=True)
        self.prompt()

    def prompt(self):
        """What was shown until the next prompt."""
        self.console.expect(r"In \[\d+\]: ")
        return COLOURS.sub("", self.console.before)

    def type(self, line):
        self.console.sendline(line)

    def test_results_and_prints(self):
        self.type("6 * 7")
        self.assertIn("Out[1]: 42", self.prompt())
        self.type('fmt.Println("hello, world")')
        self.assertIn("hello, world", self.prompt())

    def test_an_error(self):
        self.type('panic("on purpose")')
        self.assertIn("on purpose", self.prompt())
        self.type("x := )")
        self.assertIn("syntax error", self.prompt())
        self.type("1 + 1")
        self.assertIn("Out[3]: 2", self.prompt())

    def test_input(self):
        self.type('var name string; fmt.Print("who? "); fmt.Scanln(&name); fmt.Println("hello", name)')
        self.console.expect(r"who\? ")
        self.type("ana")
        self.assertIn("hello ana", self.prompt())

    def test_interrupt_keeps_variables(self):
        self.type("kept := 41")
        self.prompt()
        self.type('fmt.Println("begins"); for {}')
        self.console.expect("begins")
        self.console.sendintr()
        self.assertIn("KeyboardInterrupt", self.prompt())
        self.type("kept + 1")
        self.assertIn("42", self.prompt())

    def test_interrupt_while_asked(self):
        self.type('var name string; fmt.Print("who? "); fmt.Scanln(&name)')
        self.console.expect(r"who\? ")
        self.console.sendintr()
        self.prompt()
        self.type("6 * 7")
        self.console.expect("42")

    def test_late_output(self):
        self.type('go_on := make(chan bool); go func() { <-go_on; fmt.Println("late"); go_on <- true }()')
        self.prompt()
        self.type('go_on <- true; <-go_on; fmt.Println("after")')
        shown = self.prompt()
        self.assertIn("after", shown)
        if "late" not in shown:
            self.type("1")
            self.assertIn("late", self.prompt())

    def test_exit(self):
        self.console.sendeof()
        self.console.expect("exit")
        self.type("y")
        self.console.expect(pexpect.EOF)


if __name__ == "__main__":
    sys.exit(strict.run(ConsoleTests))
