"""The processes of a kernel: finding all of them, and awaiting their end."""

import os
import secrets
import select
import time

import psutil


class Mark:
    """A variable in the environment of a kernel, which all that it starts inherits."""

    NAME = "CUADERNO_BENCHMARK"

    def __init__(self):
        self.token = secrets.token_hex(8)
        self.environment = {self.NAME: self.token}

    def processes(self) -> list:
        """Returns every running process that carries the mark, whoever its parent is now."""
        return [process for process in psutil.process_iter() if self.marks(process)]

    def marks(self, process) -> bool:
        try:
            return process.environ().get(self.NAME) == self.token and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def kill(self):
        """Ends every process that carries the mark."""
        while left := self.processes():
            for process in left:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    pass
            psutil.wait_procs(left, timeout=1)


def tree(pid: int) -> list:
    """Returns the process and all its descendants, as of now."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


class Ends:
    """Awaits the ends of processes that are no children of this one."""

    def __init__(self, processes: list):
        self.processes = processes
        self.open = {}
        if hasattr(os, "pidfd_open"):  # exact, and a zombie has ended
            for process in processes:
                try:
                    self.open[os.pidfd_open(process.pid)] = process
                except ProcessLookupError:
                    pass

    def wait(self, limit: float) -> list:
        """Returns those that have not ended after limit seconds."""
        if not hasattr(os, "pidfd_open"):
            return psutil.wait_procs(self.processes, timeout=limit)[1]
        poll = select.poll()
        for descriptor in self.open:
            poll.register(descriptor, select.POLLIN)
        running, deadline = dict(self.open), time.monotonic() + limit
        while running and (rest := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(rest * 1000):
                poll.unregister(descriptor)
                del running[descriptor]
        for descriptor in self.open:
            os.close(descriptor)
        return list(running.values())
