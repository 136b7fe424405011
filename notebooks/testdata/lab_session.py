"""A person in JupyterLab: answers a question, interrupts, completes, moves a slider.

    lab_session.py WIDGETS_NOTEBOOK PNG_PREFIX

Works as lab.py does, with a notebook of its own to which the cells of
WIDGETS_NOTEBOOK are appended. Each step waits for what the person would see; the
names of the steps go to stdout as they are done. The exit status is 0 when all
steps were.
"""

import argparse
import json
import secrets
import sys
import tempfile
from pathlib import Path

import lab

CELLS = {
    "asks": 'var name string\nfmt.Print("who? ")\nfmt.Scanln(&name)\nfmt.Println("hello", name)',
    "asks again": 'fmt.Print("who? ")\nfmt.Scanln(&name)',
    "fails": 'fmt.Println("now")\npanic("on purpose")',
    "forever": 'kept := 41\nfmt.Println("begins")\nfor {}',
    "kept": "kept + 1",
    "late": 'go_on := make(chan bool)\ngo func() { <-go_on; fmt.Println("late"); go_on <- true }()\nfmt.Println("first")',
    "after": 'fmt.Println("second")\ngo_on <- true\n<-go_on',
    "complete": "strings.Has",
    "inspect": "strings.HasPrefix",
}
OUTPUTS = """index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.toJSON().outputs.map(o =>
    o.text ?? o.ename ?? JSON.stringify(o.data ?? {})).flat().join('')"""
START = """index => { const panel = window.jupyterapp.shell.currentWidget.content;
    panel.deselectAll(); panel.activeCellIndex = index; panel.mode = 'command';
    window.jupyterapp.commands.execute('notebook:run-cell'); }"""
EDIT = """index => { const panel = window.jupyterapp.shell.currentWidget.content;
    panel.activeCellIndex = index; panel.mode = 'edit';
    const editor = panel.widgets[index].editor; editor.focus();
    const end = editor.getPositionAt(editor.model.sharedModel.source.length); editor.setCursorPosition(end); }"""
SOURCE = "index => window.jupyterapp.shell.currentWidget.content.widgets[index].model.sharedModel.source"


class Person:
    def __init__(self, page, prefix, names):
        self.page, self.prefix, self.names, self.shots = page, prefix, names, 0

    def start(self, name):
        self.page.evaluate(START, self.names.index(name))

    def edit(self, name):
        self.page.evaluate(EDIT, self.names.index(name))

    def shown(self, name):
        return self.page.evaluate(OUTPUTS, self.names.index(name))

    def sees(self, name, text):
        self.page.wait_for_function(
            f"([index, text]) => ({OUTPUTS})(index).includes(text)", arg=[self.names.index(name), text])

    def idle(self):
        self.page.wait_for_function(lab.IDLE)

    def picture(self, what):
        self.shots += 1
        self.prefix.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=f"{self.prefix}-{self.shots:02}-{what}.png")

    def must(self, condition, what):
        if not condition:
            raise lab.Failure(what)


def answers_a_question(p):
    p.start("asks")
    box = p.page.locator(".jp-Stdin-input")
    box.wait_for()
    p.picture("question")
    box.fill("ana")
    box.press("Enter")
    p.sees("asks", "hello ana")
    p.idle()
    box.wait_for(state="detached")


def interrupts_a_question(p):
    p.start("asks again")
    box = p.page.locator(".jp-Stdin-input")
    box.wait_for()
    p.page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"]').click()
    p.sees("asks again", "KeyboardInterrupt")
    p.idle()
    # Lab leaves the box, whatever the kernel, and runs nothing until it is gone.
    box.fill("too late")
    box.press("Enter")


def sees_an_error(p):
    p.start("fails")
    p.sees("fails", "Panic")
    p.page.locator(".jp-OutputArea-output", has_text="on purpose").first.wait_for()


def interrupts(p):
    p.start("forever")
    p.sees("forever", "begins")
    p.page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"]').click()
    p.sees("forever", "KeyboardInterrupt")
    p.idle()
    p.start("kept")
    p.sees("kept", "42")


def sees_late_output_in_its_cell(p):
    p.start("late")
    p.sees("late", "first")
    p.start("after")
    p.sees("after", "second")
    p.sees("late", "late")
    p.idle()
    p.must("late" not in p.shown("after"), f"the second cell shows {p.shown('after')!r}")
    p.picture("cells")


def completes(p):
    p.edit("complete")
    p.page.keyboard.press("Tab")
    popup = p.page.locator(".jp-Completer")
    popup.wait_for()
    items = popup.locator(".jp-Completer-item")
    items.first.wait_for()
    words = [" ".join(item.inner_text().split()) for item in items.all()]
    p.picture("completion")
    p.must(any("HasPrefix" in w for w in words) and any("HasSuffix" in w for w in words), f"the completions are {words}")
    p.page.keyboard.press("Enter")
    source = p.page.evaluate(SOURCE, p.names.index("complete"))
    p.must(source.startswith("strings.Has") and source != "strings.Has", f"the cell is {source!r}")


def inspects(p):
    p.edit("inspect")
    p.page.keyboard.press("Shift+Tab")
    tip = p.page.locator(".jp-Tooltip")
    tip.wait_for()
    p.page.wait_for_function("() => document.querySelector('.jp-Tooltip')?.innerText.includes('HasPrefix reports whether')")
    p.picture("inspection")
    p.page.keyboard.press("Escape")


def moves_a_slider(p):
    for name in (n for n in p.names if n.startswith("widget")):
        p.start(name)
        p.idle()
    handle = p.page.locator(".widget-slider .noUi-handle").first
    handle.wait_for()
    text = p.page.locator(".widget-text input").first
    text.wait_for()
    p.must(text.input_value() == "tres", f"the text is {text.input_value()!r}")
    handle.focus()
    for word in ("cuatro", "cinco"):
        handle.press("ArrowRight")
        p.page.wait_for_function("word => document.querySelector('.widget-text input').value === word", arg=word)
    p.picture("widgets")
    last = p.names[-1]
    p.start(last)
    p.sees(last, "5")


STEPS = (answers_a_question, interrupts_a_question, sees_an_error, interrupts, sees_late_output_in_its_cell,
         completes, inspects, moves_a_slider)


def write_notebook(path, widgets):
    """Writes the notebook, and returns the names of its cells in order."""
    content = json.loads(widgets.read_text(encoding="utf-8"))
    more = [c for c in content["cells"] if c["cell_type"] == "code"]
    names = [*CELLS, *(f"widget {i}" for i in range(len(more)))]
    own = [{"cell_type": "code", "id": f"own{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
           for i, source in enumerate(CELLS.values())]
    content["cells"] = own + more
    path.write_text(json.dumps(content), encoding="utf-8")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("widgets", type=Path)
    parser.add_argument("prefix", type=Path)
    args = parser.parse_args()

    def drive(context, address, _):
        person = Person(lab.open_page(context, address), args.prefix, names)
        for step in STEPS:
            try:
                step(person)
            except Exception as problem:
                person.picture("failed")
                shown = {name: person.shown(name) for name in names}
                raise lab.Failure(f"{step.__name__}: {problem}\nthe cells show {json.dumps(shown, ensure_ascii=False)}") from problem
            print(step.__name__, flush=True)

    try:
        with tempfile.TemporaryDirectory(prefix="cuaderno-lab-") as root:
            args.notebook, args.kernel = Path(root) / "person.ipynb", None
            names = write_notebook(args.notebook, args.widgets)
            lab.run(args, Path(root), secrets.token_hex(16), drive)
    except lab.Failure as failure:
        print(f"lab_session.py: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
