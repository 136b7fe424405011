"""The programs of programs.go for CPython.

programs.py REPEATS NAME... prints the same lines, without the objects.
"""

import functools
import json
import math
import queue
import sys
import threading
import time


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def run_fib():
    return fib(30)


def suma(n):
    val = 0
    for x in range(1000):
        val += x * x
    return val


def run_suma():
    t = 0
    for i in range(10000):
        t += suma(i)
    return t


def sieve():
    n = 1000000
    comp = [False] * (n + 1)
    count = 0
    for i in range(2, n + 1):
        if not comp[i]:
            count += 1
            for j in range(i * i, n + 1, i):
                comp[j] = True
    return count


def matmul():
    n = 120
    a = [0.0] * (n * n)
    b = [0.0] * (n * n)
    c = [0.0] * (n * n)
    for i in range(n * n):
        a[i] = float(i % 7)
        b[i] = float(i % 5)
    for i in range(n):
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += a[i * n + k] * b[k * n + j]
            c[i * n + j] = s
    return int(c[n + 1])


def words():
    words = ["word" + chr(97 + i % 26) + chr(97 + (i // 26) % 26) + chr(97 + i // 676) for i in range(1000)]
    m = {}
    k = 0
    for i in range(1000000):
        w = words[k]
        m[w] = m.get(w, 0) + 1
        k += 1
        if k == 1000:
            k = 0
    return len(m) + m[words[3]]


def builder():
    parts = []
    for i in range(1000000):
        parts.append("abc")
    return len("".join(parts))


def sorting():
    n = 100000
    s = [0] * n
    x = 12345
    for i in range(n):
        x = (x * 1103515245 + 12345) % 2147483648
        s[i] = x
    # A comparing function, as sort.Slice takes; a key would be quicker.
    s.sort(key=functools.cmp_to_key(lambda a, b: -1 if a < b else 1))
    return s[0]


class Body:
    __slots__ = ("x", "y", "z", "vx", "vy", "vz", "mass")

    def __init__(self, *a):
        self.x, self.y, self.z, self.vx, self.vy, self.vz, self.mass = a

    def kick(self, dx, dy, dz, m):
        self.vx += dx * m
        self.vy += dy * m
        self.vz += dz * m

    def drift(self, dt):
        self.x += dt * self.vx
        self.y += dt * self.vy
        self.z += dt * self.vz


def nbody():
    bodies = [
        Body(0, 0, 0, 0, 0, 0, 39.47),
        Body(4.84, -1.16, -0.10, 0.606, 2.81, -0.02, 0.037),
        Body(8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011),
        Body(12.89, -15.11, -0.22, 1.08, 0.868, -0.01, 0.0017),
        Body(15.37, -25.9, 0.179, 0.979, 0.594, -0.034, 0.002),
    ]
    dt = 0.01
    for s in range(10000):
        for i in range(len(bodies)):
            bi = bodies[i]
            for j in range(i + 1, len(bodies)):
                bj = bodies[j]
                dx = bi.x - bj.x
                dy = bi.y - bj.y
                dz = bi.z - bj.z
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * math.sqrt(d2))
                bi.kick(dx, dy, dz, -bj.mass * mag)
                bj.kick(dx, dy, dz, bi.mass * mag)
        for i in range(len(bodies)):
            bodies[i].drift(dt)
    return int(bodies[0].x * 1e6)


def channels():
    a = queue.SimpleQueue()
    b = queue.SimpleQueue()
    n = 100000

    def worker():
        for i in range(n):
            b.put(a.get() + 1)

    thread = threading.Thread(target=worker)
    thread.start()
    t = 0
    for i in range(n):
        a.put(i)
        t += b.get()
    thread.join()
    return t


def adder(k):
    total = 0

    def f(x):
        nonlocal total
        total += x * k
        return total

    return f


def closure():
    f = adder(3)
    r = 0
    for i in range(1000000):
        r = f(i)
    return r


def appending():
    s = []
    for i in range(1000000):
        s.append(i)
    return len(s) + s[500000]


PROGRAMS = {
    "fib": run_fib,
    "suma": run_suma,
    "sieve": sieve,
    "matmul": matmul,
    "map": words,
    "builder": builder,
    "sort": sorting,
    "nbody": nbody,
    "chan": channels,
    "closure": closure,
    "called": closure,
    "append": appending,
}

for name in sys.argv[2:]:
    for _ in range(int(sys.argv[1])):
        start = time.process_time_ns()
        value = PROGRAMS[name]()
        ms = (time.process_time_ns() - start) / 1e6
        print(json.dumps({"line": name, "value": value, "ms": ms}), flush=True)
