"""Measures Cuaderno's kernel beside ipykernel, and its children beside CPython's.

    kernels.py [--rounds N] [--quick]

One kernel runs at a time; every round measures both, in alternating order, and
then the children. Each measurement is a JSON object in a line of stdout:

    {"line": "first", "of": "cuaderno", "ms": 12.3}      one sample
    {"line": "kill", "of": "ipykernel", "left": 2}       processes that stayed
    {"about": "CPython 3.11.7, ipykernel 7.4.0"}         what was measured

Times are of the client's clock, a plain jupyter_client with its sockets. The
exit status is 1, with the reason on stderr, when something did not work: a
wrong or lost output counts, a slow one does not. No process that was started
here is left.
"""

import argparse
import json
import platform
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from client import LIMIT, Failed, Kernel, milliseconds
from subjects import ALL_AT_ONCE, BURST, CHILD, CUADERNO, IPYKERNEL, LINES, ONE_BY_ONE, Subject
from tree import Ends, tree

ORPHAN_LIMIT = 2  # seconds after which what another kernel left behind counts as left


def emit(line: str, of: str, **value):
    print(json.dumps({"line": line, "of": of, **value}), flush=True)


def measure_kernel(subject: Subject, few: bool):
    """Starts a kernel, measures everything but children, and kills it."""
    kernel = Kernel(subject)
    try:
        emit("ready", subject.name, ms=kernel.ready_ms)
        sum_ms(kernel)
        emit("first", subject.name, ms=milliseconds(kernel.start))
        for _ in range(20):
            sum_ms(kernel)
        for _ in range(10 if few else 100):
            emit("sum", subject.name, ms=sum_ms(kernel))
        for _ in range(1 if few else 3):
            reply = kernel.run(subject.lines)
            check_lines(kernel, reply.text)
            emit("lines", subject.name, ms=reply.ms)
        for _ in range(1 if few else 5):
            emit("interrupt", subject.name, ms=interrupt_ms(kernel))
        if subject is CUADERNO:
            measure_children(kernel, few)
        measure_kill(kernel)
    finally:
        kernel.close()


def sum_ms(kernel: Kernel) -> float:
    reply = kernel.run("1+1")
    if reply.result != "2":
        raise kernel.failed(f"says that 1+1 is {reply.result}")
    return reply.ms


def check_lines(kernel: Kernel, text: str):
    got, want = text.splitlines(), [str(i) for i in range(LINES)]
    if got != want:
        at = next((i for i, pair in enumerate(zip(got, want)) if pair[0] != pair[1]), min(len(got), LINES))
        raise kernel.failed(f"printed {len(got)} of {LINES} lines, wrong from line {at} on: {got[at : at + 3]}")


def interrupt_ms(kernel: Kernel) -> float:
    """The time from the interrupt of a busy loop to idle."""
    kernel.run(kernel.subject.keep)
    reply = kernel.execute(kernel.subject.spin).wait(lambda reply: "spinning" in reply.text)
    time.sleep(0.05)  # the loop follows the word
    start = time.perf_counter()
    kernel.interrupt()
    reply.wait()
    elapsed = milliseconds(start)
    if reply.content["status"] != "error":
        raise kernel.failed(f"answered the interrupted cell with {reply.content}")
    if (kept := kernel.run(kernel.subject.kept).result) != "42":
        raise kernel.failed(f"has {kept} in a variable that was 42 before the interrupt")
    return elapsed


def measure_children(kernel: Kernel, few: bool):
    kernel.run(CHILD)
    for line, joined, code in (
        ("rested", "rested-join", ONE_BY_ONE % (2 if few else 8, 100)),
        ("row", "row-join", ONE_BY_ONE % (2 if few else 20, 0)),
    ):
        born, parents = stamps(kernel.run(code).text)
        for i, (start, end) in parents.items():
            emit(line, "cuaderno", ms=(born[i] - start) / 1e6)
            emit(joined, "cuaderno", ms=(end - start) / 1e6)
    for _ in range(1 if few else 2):
        time.sleep(0.1)
        born, parents = stamps(kernel.run(ALL_AT_ONCE % BURST).text)
        if len(born) != BURST:
            raise kernel.failed(f"ran {len(born)} of {BURST} children")
        emit("burst", "cuaderno", ms=(max(born.values()) - parents[0][0]) / 1e6)


def stamps(text: str) -> tuple:
    """Returns what the cells printed: the child's time by number, and the parent's two."""
    born = {int(i): int(t) for i, t in re.findall(r"^child (\d+) (\d+)$", text, re.M)}
    parents = {int(i): (int(s), int(e)) for i, s, e in re.findall(r"^parent (\d+) (\d+) (\d+)$", text, re.M)}
    if not parents or not parents.keys() <= born.keys():
        raise Failed(f"children and parent do not match in {text!r}")
    return born, parents


def measure_kill(kernel: Kernel):
    """Kills the kernel with two children running and awaits the end of its last process."""
    subject = kernel.subject
    reply = kernel.execute(subject.children)
    reply.wait(lambda reply: reply.ended() and (reply.content["status"] != "ok" or reply.text.count("running") == 2))
    if reply.content["status"] != "ok":
        raise kernel.failed(f"could not start two children: {reply.content}")
    time.sleep(0.3)  # helpers that are being started count too
    processes = tree(kernel.process.pid)
    ends = Ends(processes)
    start = time.perf_counter()
    kernel.process.kill()
    left = ends.wait(LIMIT if subject.leaves_nothing else ORPHAN_LIMIT)
    elapsed = milliseconds(start)
    left += [process for process in kernel.mark.processes() if process not in left]
    if not left:
        emit("kill", subject.name, ms=elapsed)
    elif subject.leaves_nothing:
        raise kernel.failed(f"left {left} of {processes} behind when it was killed")
    else:
        emit("kill", subject.name, left=len(left))


def measure_cpython(few: bool):
    for method in ("fork", "forkserver", "spawn"):
        command = [sys.executable, str(Path(__file__).with_name("cpython.py")), method, str(BURST)]
        subprocess.run(command + (["--quick"] if few else []), check=True, stdin=subprocess.DEVNULL)


def stop(number: int, _frame):
    """Ends the run by way of everything that cleans up, once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer samples, to see that everything works")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    packages = ", ".join(f"{name} {version(name)}" for name in ("ipykernel", "jupyter_client"))
    print(json.dumps({"about": f"CPython {platform.python_version()}, {packages}"}), flush=True)
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr, flush=True)
        subjects = (CUADERNO, IPYKERNEL)
        for subject in subjects if number % 2 == 0 else reversed(subjects):
            measure_kernel(subject, args.quick)
        measure_cpython(args.quick)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"{Path(__file__).name}: {error}")
