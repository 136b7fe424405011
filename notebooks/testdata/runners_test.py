"""Programs that run a notebook with nobody there: nbclient, nbconvert, papermill.

Nobody can answer a question, so a cell that asks fails at once; a cell that runs
for too long is interrupted; the outputs are stored in the file. The exit status
is 0 when all is well and nothing was skipped.
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import nbclient
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

import strict

LIMIT = 120  # seconds that one run may take on a busy machine

INPUT = 'var name string\nfmt.Print("who? ")\n_, err := fmt.Scanln(&name)\nif err != nil { panic(err) }'
LATE = 'go_on := make(chan bool)\ngo func() { <-go_on; fmt.Println("late"); go_on <- true }()\nfmt.Println("first")'
AFTER = 'fmt.Println("second")\ngo_on <- true\n<-go_on\nfmt.Println("third")'
FOREVER = 'kept := 41\nfmt.Println("begins")\nfor {}'


def notebook(*sources, tags=None):
    cells = [new_code_cell(s, metadata={"tags": (tags or {}).get(i, [])}) for i, s in enumerate(sources)]
    return new_notebook(cells=cells, metadata={
        "kernelspec": {"name": "cuaderno", "display_name": "Go (Cuaderno)", "language": "go"}})


def text(cell, name="stdout"):
    return "".join(o["text"] for o in cell["outputs"] if o["output_type"] == "stream" and o["name"] == name)


def errors(cell):
    return [o for o in cell["outputs"] if o["output_type"] == "error"]


class RunnerTests(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="cuaderno-")
        self.addCleanup(self.directory.cleanup)
        self.path = Path(self.directory.name)

    def write(self, book):
        nbformat.write(book, self.path / "in.ipynb")

    def command(self, *arguments):
        return subprocess.run([sys.executable, "-m", *arguments], cwd=self.path, timeout=LIMIT, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def check_cells(self, cells):
        """The cells of the notebook that every runner is given, all of which ran."""
        late, after, asks, fails, forever, rest = cells
        self.assertEqual(text(late), "first\n")
        self.assertEqual(text(after), "second\nthird\n")
        self.assertEqual([e["ename"] for e in errors(asks)], ["Panic"])
        self.assertIn("input", errors(asks)[0]["evalue"])
        self.assertEqual([e["evalue"] for e in errors(fails)], ["on purpose"])
        self.assertIn("In [4]:2", "\n".join(errors(fails)[0]["traceback"]))
        self.assertEqual([e["ename"] for e in errors(forever)], ["KeyboardInterrupt"])
        self.assertEqual(text(forever), "begins\n")
        self.assertEqual(rest["outputs"][0]["data"]["text/plain"], "42")

    BOOK = (LATE, AFTER, INPUT, 'fmt.Println("now")\npanic("on purpose")', FOREVER, "kept + 1")

    def test_nbclient(self):
        book = notebook(*self.BOOK)
        nbclient.NotebookClient(book, timeout=3, interrupt_on_timeout=True, allow_errors=True).execute()
        self.check_cells(book["cells"])

    def test_nbclient_stops_at_an_error(self):
        book = notebook("1 + 1", 'panic("on purpose")', "3")
        with self.assertRaises(nbclient.exceptions.CellExecutionError) as raised:
            nbclient.NotebookClient(book).execute()
        self.assertIn("on purpose", str(raised.exception))
        self.assertEqual(len(errors(book["cells"][1])), 1)
        self.assertEqual(book["cells"][2]["outputs"], [])

    def test_nbclient_lets_tagged_cells_fail(self):
        book = notebook('panic("on purpose")', "3", tags={0: ["raises-exception"]})
        nbclient.NotebookClient(book).execute()
        self.assertEqual(book["cells"][1]["outputs"][0]["data"]["text/plain"], "3")

    def test_nbclient_stores_a_crash(self):
        book = notebook("import \"syscall\"\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)\nselect {}", "6 * 7")
        nbclient.NotebookClient(book, allow_errors=True).execute()
        self.assertEqual(errors(book["cells"][0])[0]["ename"], "SessionCrashed")
        self.assertEqual(book["cells"][1]["outputs"][0]["data"]["text/plain"], "42")

    def test_nbconvert(self):
        self.write(notebook(*self.BOOK))
        done = self.command("nbconvert", "--to", "notebook", "--execute", "--allow-errors", "in.ipynb", "--output", "out.ipynb",
                            "--ExecutePreprocessor.timeout=3", "--ExecutePreprocessor.interrupt_on_timeout=True")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_cells(nbformat.read(self.path / "out.ipynb", 4)["cells"])

    def test_nbconvert_tells_of_an_error(self):
        self.write(notebook('panic("on purpose")'))
        done = self.command("nbconvert", "--to", "notebook", "--execute", "in.ipynb", "--output", "out.ipynb")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("on purpose", done.stderr)

    def test_nbconvert_writes_the_cells_as_go(self):
        self.write(notebook("6 * 7"))
        for arguments in (("--to", "notebook", "--execute", "in.ipynb", "--output", "out.ipynb"), ("--to", "script", "out.ipynb")):
            done = self.command("nbconvert", *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("6 * 7", (self.path / "out.go").read_text())

    def papermill(self, *arguments):
        # The words of C# for numbers, truth values and plain text are Go's.
        return self.command("papermill", "in.ipynb", "out.ipynb", "--language", ".net-csharp", "--log-level", "ERROR", *arguments)

    def test_papermill(self):
        self.write(notebook('count, name, ratio, loud := 1, "nobody", 0.5, false',
                            'fmt.Printf("%d %s %g %v\\n", count, name, ratio, loud)', LATE, AFTER,
                            tags={0: ["parameters"]}))
        done = self.papermill("-p", "count", "3", "-p", "name", "ana \"la\" maria", "-p", "ratio", "2.5", "-p", "loud", "True")
        self.assertEqual(done.returncode, 0, done.stderr)
        _, injected, shown, late, after = nbformat.read(self.path / "out.ipynb", 4)["cells"]
        self.assertIn("injected-parameters", injected["metadata"]["tags"])
        self.assertEqual(text(shown), "3 ana \"la\" maria 2.5 true\n")
        self.assertEqual((text(late), text(after)), ("first\n", "second\nthird\n"))

    def test_papermill_stores_an_error(self):
        self.write(notebook("1 + 1", INPUT, "3"))
        done = self.papermill()
        self.assertNotEqual(done.returncode, 0)
        cells = nbformat.read(self.path / "out.ipynb", 4)["cells"]
        asks = next(c for c in cells if c["source"] == INPUT)
        self.assertIn("input", errors(asks)[0]["evalue"])

    def test_papermill_interrupts_what_takes_too_long(self):
        self.write(notebook(FOREVER))
        done = self.papermill("--execution-timeout", "3")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("imeout", done.stderr)


if __name__ == "__main__":
    sys.exit(strict.run(RunnerTests))
