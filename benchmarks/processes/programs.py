"""The lines of "Processes and what joins them" for CPython:

    programs.py fork|forkserver REPEATS LINE...

Prints the same samples as programs.go for the same work.
"""

import json
import multiprocessing
import sys
import time
from multiprocessing.sharedctypes import RawArray

now = time.time_ns


def noop():
    pass


def trivial(x):
    return x


def suma(n):
    val = 0
    for x in range(1000):
        val += x * x
    return val


def echo(c):
    while True:
        m = c.recv()
        if m is None:
            return
        c.send(m)


def sink_bytes(c, n):
    for _ in range(n):
        c.recv_bytes()
    c.send(True)


def sink_values(c, n):
    for _ in range(n):
        c.recv()
    c.send(True)


def producer(q, n, start):
    start.wait()
    for i in range(n):
        q.put(i)


def increment(v, n, start, done):
    start.wait()
    for _ in range(n):
        with v.get_lock():
            v.value += 1
    done.release()


def started(context, target, *args):
    p = context.Process(target=target, args=args)
    p.start()
    return p


def each(n, ns):
    return ns / n / 1e3


def trip(context):
    n = 2000
    a, b = context.Pipe()
    p = started(context, echo, b)
    for _ in range(50):
        a.send(1)
        a.recv()
    t = now()
    for i in range(n):
        a.send(i)
        a.recv()
    d = now() - t
    a.send(None)
    p.join()
    return each(n, d)


def messages(context, n, sink, send):
    a, b = context.Pipe()
    p = started(context, sink, b, n)
    blob = b"x" * (1 << 20)
    time.sleep(0.05)
    t = now()
    for _ in range(n):
        send(a, blob)
    a.recv()
    d = now() - t
    p.join()
    return each(n, d)


def queue(context, n, producers):
    q, go = context.Queue(), context.Event()
    processes = [started(context, producer, q, n // producers, go) for _ in range(producers)]
    time.sleep(0.1)
    go.set()
    q.get()
    t = now()
    for _ in range(n - 1):
        q.get()
    d = now() - t
    for p in processes:
        p.join()
    return each(n - 1, d)


def contended(context, n):
    v, go, done = context.Value("q", 0), context.Event(), context.Semaphore(0)
    processes = [started(context, increment, v, n, go, done) for _ in range(2)]
    time.sleep(0.15)
    t = now()
    go.set()
    done.acquire()
    done.acquire()
    d = now() - t
    for p in processes:
        p.join()
    if v.value != 2 * n:
        raise SystemExit("increments were lost")
    return each(2 * n, d)


def lock(context):
    n = 100000
    l = context.Lock()
    t = now()
    for _ in range(n):
        l.acquire()
        l.release()
    return each(n, now() - t)


def alone(context):
    n = 100000
    v = context.Value("q", 0)
    t = now()
    for _ in range(n):
        with v.get_lock():
            v.value += 1
    return each(n, now() - t)


def accesses(a):
    n = 100000
    t = now()
    s = 0
    for i in range(n):
        a[i % 1000] = i
        s += a[i % 1000]
    return each(2 * n, now() - t)


def pool(context):
    t = now()
    p = context.Pool(2)
    p.apply(trivial, (1,))
    d = now() - t
    p.close()
    p.join()
    return each(1, d)


def apply(context):
    n = 200
    with context.Pool(2) as p:
        p.apply(trivial, (1,))
        t = now()
        for _ in range(n):
            p.apply(trivial, (1,))
        return each(n, now() - t)


def mapped(context, n, f):
    with context.Pool(2) as p:
        items = list(range(n))
        p.map(f, items[:10])
        t = now()
        results = p.map(f, items)
        d = now() - t
        if len(results) != n:
            raise SystemExit("results are missing")
        return each(n, d)


LINES = {
    "trip": trip,
    "bytes": lambda c: messages(c, 100, sink_bytes, lambda a, b: a.send_bytes(b)),
    "values": lambda c: messages(c, 100, sink_values, lambda a, b: a.send(b)),
    "queue1": lambda c: queue(c, 20000, 1),
    "queue4": lambda c: queue(c, 20000, 4),
    "lock": lock,
    "alone": alone,
    "contended": lambda c: contended(c, 100000),
    "array": lambda c: accesses(c.Array("q", 1000)),
    "raw": lambda c: accesses(RawArray("q", 1000)),
    "pool": pool,
    "apply": apply,
    "trivial": lambda c: mapped(c, 100000, trivial),
    "suma": lambda c: mapped(c, 4000, suma),
}


def main():
    context = multiprocessing.get_context(sys.argv[1])
    if sys.argv[1] == "forkserver":
        started(context, noop).join()  # starts the server
    for name in sys.argv[3:]:
        for _ in range(int(sys.argv[2])):
            print(json.dumps({"line": name, "us": LINES[name](context)}), flush=True)


if __name__ == "__main__":
    main()
