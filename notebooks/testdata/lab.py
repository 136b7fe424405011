"""Runs a notebook in JupyterLab, in a headless Chromium, as a person would.

    lab.py [--timeout SECONDS] [--kernel NAME] NOTEBOOK PNG_PREFIX

Starts a JupyterLab of its own on 127.0.0.1 in an empty directory, opens a copy
of NOTEBOOK without its outputs, runs all cells, and waits until the kernel is
idle. Pictures of the whole notebook go to PNG_PREFIX-01.png and so on; what the
cells show goes to stdout as JSON:

    {"cells": [{"index", "source", "execution_count", "outputs"}], "pictures": [...]}

The exit status is 0 when every code cell ran and only cells tagged
raises-exception failed, 1 otherwise, with the reason on stderr. No process
that was started here is left, and it is an error when one outlives the server.
The browser reaches nothing but 127.0.0.1.
"""

import argparse
import json
import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
VIEW = {"width": 1280, "height": 1600}
MARK = "CUADERNO_LAB_TEST"  # in the environment of all that is started here

# What Lab would otherwise ask, fetch, or leave undrawn outside the view.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
}

READY = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    return panel?.context?.isReady && kernel?.connectionStatus === 'connected' && kernel?.status === 'idle';
}"""
RUN = """async () => {
    const app = window.jupyterapp;
    app.shell.currentWidget.content.activeCellIndex = 0;
    await app.commands.execute('notebook:run-all-cells');
}"""
IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell, index) => {
    const model = cell.model.toJSON();
    return {index, type: model.cell_type, source: model.source, tags: model.metadata.tags ?? [],
            execution_count: model.execution_count, outputs: model.outputs};
}).filter(cell => cell.type === 'code')"""
SCROLLED = ".jp-NotebookPanel .jp-WindowedPanel-outer"


class Failure(Exception):
    """Something that the caller should read as one sentence."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--timeout", type=float, default=240, help="seconds for all cells together")
    parser.add_argument("--kernel", help="run with this kernel instead of the notebook's own")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("prefix", type=Path)
    args = parser.parse_args()
    mark = secrets.token_hex(16)
    try:
        with tempfile.TemporaryDirectory(prefix="cuaderno-lab-") as root:
            result = run(args, Path(root), mark)
        check(result["cells"])
    except Failure as failure:
        print(f"lab.py: {failure}", file=sys.stderr)
        return 1
    json.dump(result, sys.stdout, ensure_ascii=False)
    return 0


def run(args, root, mark, drive=None):
    """Starts the server and the browser, and returns what drive does there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise Failure("no Chromium: apt-get install chromium")
    (root / "work").mkdir()
    name = prepare(args.notebook, root / "work", args.kernel)
    env = environment(root, mark)
    port, token = free_port(), secrets.token_hex(16)
    url = f"http://127.0.0.1:{port}"
    log = root / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser",
             "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
             f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root / 'work'}",
             "--LabApp.extension_manager=readonly"],
            cwd=root / "work", env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        await_server(url, token, server)
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                root / "browser", executable_path=browser, headless=True, args=BROWSER_ARGS, viewport=VIEW, env=env)
            try:
                result = (drive or run_all)(context, f"{url}/doc/tree/{name}?token={token}", args)
            finally:
                context.close()
    except Exception as problem:
        tail = log.read_text(errors="replace").splitlines()[-30:]
        raise Failure("\n".join([str(problem), "the server's last lines:", *tail])) from problem
    finally:
        left = stop(url, token, server, mark)
    if left:
        raise Failure("these processes outlived the server and were killed: " + "; ".join(left))
    return result


def prepare(notebook, directory, kernel):
    """Copies the notebook without outputs and returns the copy's name."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    if kernel:
        content["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel}
    (directory / notebook.name).write_text(json.dumps(content), encoding="utf-8")
    return notebook.name


def environment(root, mark):
    """An environment in which Jupyter reads and writes below root only."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
    for key in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        env[f"JUPYTER_{key}"] = str(root / key.lower())
    for key in ("SETTINGS", "WORKSPACES"):
        env[f"JUPYTERLAB_{key}_DIR"] = str(root / key.lower())
    for plugin, settings in SETTINGS.items():
        file = root / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    env |= {"IPYTHONDIR": str(root / "ipython"), MARK: mark}
    return env


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def request(url, token, path, method="GET"):
    headers = {"Authorization": f"token {token}"}
    # No proxy: the server is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(urllib.request.Request(url + path, method=method, headers=headers), timeout=10)


def await_server(url, token, server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Failure(f"JupyterLab ended with status {server.returncode}")
        try:
            request(url, token, "/api/status").close()
            return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise Failure("JupyterLab does not answer after 60 s")


def open_page(context, address):
    """Opens the notebook and waits until its kernel is idle."""
    page = context.pages[0] if context.pages else context.new_page()
    page.set_default_timeout(60_000)
    local = ("http://127.0.0.1:", "data:", "blob:")
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(local) else route.abort())
    page.goto(address)
    page.wait_for_function(READY)
    return page


def run_all(context, address, args):
    """Runs all cells in the browser and returns what they show."""
    limit = args.timeout * 1000
    page = open_page(context, address)
    page.set_default_timeout(limit)
    running = page.evaluate_handle(f"() => {{ window.ran = false; ({RUN})().then(() => window.ran = true); }}")
    page.wait_for_function("() => window.ran", timeout=limit)
    page.wait_for_function(IDLE, timeout=limit)
    running.dispose()
    return {"cells": page.evaluate(CELLS), "pictures": photograph(page, args.prefix)}


def photograph(page, prefix):
    """Scrolls through the notebook, a picture each view."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    scrolled = page.locator(SCROLLED)
    height, view = scrolled.evaluate("e => [e.scrollHeight, e.clientHeight]")
    pictures = []
    for i in range(max(1, math.ceil(height / view))):
        scrolled.evaluate("(e, top) => new Promise(done => { e.scrollTop = top;"
                          " requestAnimationFrame(() => requestAnimationFrame(done)); })", i * view)
        pictures.append(f"{prefix}-{i + 1:02}.png")
        page.screenshot(path=pictures[-1])
    return pictures


def check(cells):
    problems = []
    for cell in cells:
        errors = [o for o in cell["outputs"] if o["output_type"] == "error"]
        if errors and "raises-exception" not in cell["tags"]:
            problems.append(f"cell {cell['index']} failed: {errors[0]['ename']}: {errors[0]['evalue']}\n{cell['source']}")
        elif cell["execution_count"] is None and cell["source"].strip():
            problems.append(f"cell {cell['index']} did not run:\n{cell['source']}")
    if problems:
        raise Failure("\n".join(problems))


def stop(url, token, server, mark):
    """Ends the server and returns a line for each process that stayed behind."""
    if server.poll() is None:
        try:
            request(url, token, "/api/shutdown", "POST").close()
        except (OSError, urllib.error.URLError):
            server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    deadline = time.monotonic() + 10
    while (pids := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [f"{pid} {command(pid)}" for pid in pids]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return left


def marked(mark):
    """The processes, other than this one, that have the mark in their environment."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "(ended)"


if __name__ == "__main__":
    sys.exit(main())
