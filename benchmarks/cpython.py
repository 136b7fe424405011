"""Measures how CPython's multiprocessing starts children.

    cpython.py fork|forkserver|spawn BURST [--quick]

Prints the same lines as kernels.py for the same program: a child whose first
statement takes the time. This interpreter has imported little and runs no other
thread, which is when its fork is quickest.
"""

import argparse
import json
import multiprocessing
import time
from multiprocessing.sharedctypes import RawArray


def child(stamps, i):
    stamps[i] = time.time_ns()


def emit(line: str, of: str, ms: float):
    print(json.dumps({"line": line, "of": of, "ms": ms}), flush=True)


def one_by_one(context, count: int, rest: float):
    """Yields, for one child after another, the milliseconds to its first statement and to the end of join."""
    stamps = RawArray("q", 1)
    for _ in range(count):
        time.sleep(rest)
        process = context.Process(target=child, args=(stamps, 0))
        start = time.time_ns()
        process.start()
        process.join()
        end = time.time_ns()
        if process.exitcode != 0:
            raise SystemExit(f"cpython.py: a child ended with {process.exitcode}")
        yield (stamps[0] - start) / 1e6, (end - start) / 1e6


def all_at_once(context, count: int) -> float:
    """Returns the milliseconds from the first start to the first statement of the last child."""
    stamps = RawArray("q", count)
    processes = [context.Process(target=child, args=(stamps, i)) for i in range(count)]
    start = time.time_ns()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit("cpython.py: a child of a burst failed")
    return (max(stamps) - start) / 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=("fork", "forkserver", "spawn"))
    parser.add_argument("burst", type=int)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    context = multiprocessing.get_context(args.method)
    few = args.quick or args.method == "spawn"
    list(one_by_one(context, 1, 0))  # forkserver starts its server
    for line, joined, count, rest in (("rested", "rested-join", 4 if few else 8, 0.1), ("row", "row-join", 4 if few else 20, 0)):
        for first, end in one_by_one(context, count, rest):
            emit(line, args.method, first)
            emit(joined, args.method, end)
    for _ in range(1 if few else 2):
        time.sleep(0.1)
        emit("burst", args.method, all_at_once(context, args.burst))


if __name__ == "__main__":
    main()
