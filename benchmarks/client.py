"""A client that starts a kernel and times what it does.

It is a plain jupyter_client whose sockets are read here without a detour, so
that what the client itself adds is small and the same for every kernel.
"""

import os
import signal
import subprocess
import tempfile
import time

import zmq
from jupyter_client import KernelManager
from subjects import Subject
from tree import Mark

LIMIT = 60  # seconds after which whatever is awaited counts as failed


class Failed(Exception):
    """Something did not work; the message says what."""


class Kernel:
    """A running kernel and a client of it. Ready when it has been made."""

    def __init__(self, subject: Subject):
        self.subject = subject
        self.mark = Mark()
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        self.context = zmq.Context()
        # ZeroMQ's own 100 ms between two attempts to connect would be most of
        # the time that a quick kernel takes to start.
        self.context.reconnect_ivl = 2
        self.manager = KernelManager(kernel_name=subject.kernelspec, context=self.context)
        self.manager.write_connection_file()
        self.session = self.manager.session
        self.shell = self.manager.connect_shell()
        self.iopub = self.manager.connect_iopub()
        self.control = self.manager.connect_control()
        self.poller = zmq.Poller()
        for socket in (self.shell, self.iopub, self.control):
            self.poller.register(socket, zmq.POLLIN)
        spec = self.manager.kernel_spec
        env = {**os.environ, **(spec.env or {}), **self.mark.environment, "JPY_PARENT_PID": str(os.getpid())}
        request = self.session.msg("kernel_info_request", {})
        self.start = time.perf_counter()
        self.process = None
        try:
            self.process = subprocess.Popen(
                self.manager.format_kernel_cmd(), env=env, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            )  # fmt: skip
            self.session.send(self.shell, request)
            Reply(self, request).wait(lambda reply: reply.content is not None)
            self.ready_ms = milliseconds(self.start)
            self.subscribe()
        except BaseException:
            self.close()
            raise

    def subscribe(self):
        """Returns when what the kernel publishes arrives here."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            request = self.session.msg("kernel_info_request", {})
            self.session.send(self.shell, request)
            try:
                Reply(self, request).wait(Reply.ended, limit=0.2)
                return
            except TimeoutError:
                continue
        raise self.failed("publishes nothing")

    def execute(self, code: str) -> "Reply":
        """Sends a cell."""
        request = self.session.msg("execute_request", {"code": code, "silent": False, "store_history": True, "allow_stdin": False})
        reply = Reply(self, request)
        self.session.send(self.shell, request)
        return reply

    def run(self, code: str) -> "Reply":
        """Executes a cell, which must succeed, to its idle."""
        reply = self.execute(code).wait()
        if reply.content["status"] != "ok":
            raise self.failed(f"answered {code!r} with {reply.content}")
        return reply

    def interrupt(self):
        """Interrupts the running cell in the way that the kernelspec asks for."""
        if self.manager.kernel_spec.interrupt_mode == "message":
            self.session.send(self.control, self.session.msg("interrupt_request", {}))
        else:
            self.process.send_signal(signal.SIGINT)

    def receive(self, timeout: float) -> list:
        """Returns the messages that have come, as (socket, message), at the latest after timeout seconds."""
        messages = []
        for socket, _ in self.poller.poll(max(0, timeout) * 1000):
            _, message = self.session.recv(socket)
            messages.append((socket, message))
        if not messages and self.process.poll() is not None:
            raise self.failed(f"ended with status {self.process.returncode}")
        return messages

    def failed(self, what: str) -> Failed:
        self.log.seek(0)
        return Failed("\n".join([f"{self.subject.name} {what}", *self.log.read().splitlines()[-20:]]))

    def close(self):
        """Ends the kernel and all that it has started."""
        self.mark.kill()
        if self.process is not None:
            self.process.wait()
        self.manager.cleanup_connection_file()
        self.context.destroy(linger=0)
        self.log.close()


class Reply:
    """What has come for one request until now."""

    def __init__(self, kernel: Kernel, request: dict):
        self.kernel = kernel
        self.id = request["header"]["msg_id"]
        self.content = None  # of the reply
        self.idle = False
        self.streams = []
        self.result = None  # of the last expression, as text
        self.start = time.perf_counter()
        self.ms = 0.0

    def ended(self) -> bool:
        """Whether both the reply and idle are here."""
        return self.content is not None and self.idle

    @property
    def text(self) -> str:
        return "".join(self.streams)

    def wait(self, until=ended, limit: float = LIMIT) -> "Reply":
        """Receives until the condition holds; ms is then the time since the request was made."""
        deadline = time.monotonic() + limit
        while not until(self):
            left = deadline - time.monotonic()
            if left <= 0:
                if limit < LIMIT:
                    raise TimeoutError
                raise self.kernel.failed(f"did not get there in {limit} s; streams end in {self.text[-200:]!r}")
            for socket, message in self.kernel.receive(min(left, 1)):
                if message["parent_header"].get("msg_id") == self.id:
                    self.take(socket, message)
        self.ms = milliseconds(self.start)
        return self

    def take(self, socket, message: dict):
        kind, content = message["msg_type"], message["content"]
        if socket is self.kernel.shell:
            self.content = content
        elif kind == "stream":
            self.streams.append(content["text"])
        elif kind == "execute_result":
            self.result = content["data"]["text/plain"]
        elif kind == "status":
            self.idle = content["execution_state"] == "idle"


def milliseconds(start: float) -> float:
    return (time.perf_counter() - start) * 1000
