"""What jupyter_client's users rely on, as ipykernel's own tests have it.

Each test states a behaviour of ipykernel (its tests test_kernel.py,
test_message_spec.py and test_subshells.py) for cells in Go, over a real
jupyter_client. The exit status is 0 when all hold and none was skipped.
"""

import sys
import time
import unittest
from pathlib import Path
from queue import Empty

from jupyter_client.manager import start_new_kernel

import strict

LIMIT = 60  # seconds that anything may take on a busy machine


class Front:
    """A client that keeps what it received, so that tests may ask in any order."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client
        self.published, self.replies, self.questions = [], [], []

    def send(self, kind, content, channel="shell", subshell=None, buffers=None):
        socket = getattr(self.client, f"{channel}_channel")
        message = self.client.session.msg(kind, content)
        if subshell:
            message["header"]["subshell_id"] = subshell
        if buffers:
            self.client.session.send(socket.socket, message, buffers=buffers)
        else:
            socket.send(message)
        return message["header"]["msg_id"]

    def cell(self, code, subshell=None, **fields):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": True, "stop_on_error": True} | fields
        return self.send("execute_request", content, subshell=subshell)

    def pump(self):
        for channel, box in ((self.client.iopub_channel, self.published), (self.client.shell_channel, self.replies),
                             (self.client.control_channel, self.replies), (self.client.stdin_channel, self.questions)):
            while channel.is_alive():
                try:
                    box.append(channel.get_msg(timeout=0))
                except Empty:
                    break

    def wait(self, what, find):
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            self.pump()
            found = find()
            if found is not None:
                return found
            time.sleep(0.002)
        raise AssertionError(f"no {what} within {LIMIT} s; published: {[m['msg_type'] for m in self.published[-20:]]}")

    def reply(self, request):
        return self.wait(f"reply to {request}", lambda: next(
            (m for m in self.replies if m["parent_header"].get("msg_id") == request), None))

    def of(self, request):
        return [m for m in self.published if m["parent_header"].get("msg_id") == request]

    def idle(self, request):
        """What was published for a request, once it is idle."""
        self.wait(f"idle of {request}", lambda: next(
            (m for m in self.of(request) if m["content"].get("execution_state") == "idle"), None))
        return self.of(request)

    def run(self, code, **fields):
        request = self.cell(code, **fields)
        return self.reply(request)["content"], self.idle(request)

    def text(self, request, name="stdout"):
        return "".join(m["content"]["text"] for m in self.of(request)
                       if m["msg_type"] == "stream" and m["content"]["name"] == name)

    def printed(self, request, text):
        self.wait(f"{text!r}", lambda: True if text in self.text(request) else None)

    def question(self, request):
        return self.wait("question", lambda: next(
            (m for m in self.questions if m["parent_header"].get("msg_id") == request), None))


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = start_new_kernel(kernel_name="cuaderno")

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()

    def setUp(self):
        self.front = Front(self.manager, self.client)
        self.front.pump()
        self.front = Front(self.manager, self.client)

    def result(self, expression):
        reply, published = self.front.run(expression)
        self.assertEqual(reply["status"], "ok", reply)
        return [m["content"]["data"]["text/plain"] for m in published if m["msg_type"] == "execute_result"][0]

    def test_messages_of_a_cell_come_in_order(self):
        reply, published = self.front.run('fmt.Println("a")\ndisplay.Show(display.HTML("<b>b</b>"))\n6 * 7')
        self.assertEqual(reply["status"], "ok")
        self.assertEqual([m["content"].get("execution_state", m["msg_type"]) for m in published],
                         ["busy", "execute_input", "stream", "display_data", "execute_result", "idle"])

    def test_replies_come_in_the_order_of_requests(self):
        requests = [self.front.cell(f"{n}") for n in range(50)]
        counts = [self.front.reply(r)["content"]["execution_count"] for r in requests]
        self.assertEqual(counts, list(range(counts[0], counts[0] + 50)))
        asked = [m["parent_header"]["msg_id"] for m in self.front.replies]
        self.assertEqual(asked, requests)

    def test_an_error_aborts_what_waits(self):
        first = self.front.cell("time.Sleep(300 * time.Millisecond)\npanic(1)")
        rest = [self.front.cell(f"{n}") for n in range(5)]
        info = self.front.send("kernel_info_request", {})
        self.assertEqual(self.front.reply(first)["content"]["status"], "error")
        for request in rest:
            self.assertEqual(self.front.reply(request)["content"]["status"], "aborted")
            self.front.idle(request)
        self.assertEqual(self.front.reply(info)["content"]["status"], "ok")
        self.assertEqual(self.result("1 + 1"), "2")

    def test_no_abort_when_not_wanted(self):
        first = self.front.cell("panic(1)", stop_on_error=False)
        rest = self.front.cell("2")
        self.assertEqual(self.front.reply(first)["content"]["status"], "error")
        self.assertEqual(self.front.reply(rest)["content"]["status"], "ok")

    def test_silent_cells_show_nothing(self):
        before = self.front.run("1")[0]["execution_count"]
        _, published = self.front.run('6 * 7', silent=True, store_history=False)
        self.assertEqual([m["msg_type"] for m in published], ["status", "status"])
        self.assertEqual(self.front.run("1")[0]["execution_count"], before + 1)

    def test_user_expressions(self):
        reply, _ = self.front.run("", user_expressions={"good": "6 * 7", "bad": "nothing"})
        self.assertEqual(reply["user_expressions"]["good"]["data"]["text/plain"], "42")
        self.assertEqual(reply["user_expressions"]["bad"]["status"], "error")

    def test_control_answers_while_a_cell_runs(self):
        cell = self.front.cell('fmt.Println("ready"); select {}')
        self.front.printed(cell, "ready")
        info = self.front.send("kernel_info_request", {}, "control")
        self.assertEqual(self.front.reply(info)["content"]["status"], "ok")
        self.assertFalse([m for m in self.front.replies if m["parent_header"]["msg_id"] == cell])
        self.manager.interrupt_kernel()
        self.front.idle(cell)

    def test_control_requests_are_answered_in_order(self):
        requests = [self.front.send("kernel_info_request", {}, "control") for _ in range(20)]
        for request in requests:
            self.front.reply(request)
        self.assertEqual([m["parent_header"]["msg_id"] for m in self.front.replies], requests)

    def test_interrupt_keeps_variables(self):
        self.front.run("kept := 41")
        for code in ("time.Sleep(time.Hour)", "for {}", "select {}", "<-make(chan int)"):
            with self.subTest(code):
                cell = self.front.cell('kept++\nfmt.Println("ready")\n' + code)
                self.front.printed(cell, "ready")
                self.manager.interrupt_kernel()
                self.assertEqual(self.front.reply(cell)["content"]["ename"], "KeyboardInterrupt")
                self.front.idle(cell)
        self.assertEqual(self.result("kept"), "45")

    def test_input(self):
        cell = self.front.cell('var name string\nfmt.Print("who? ")\nfmt.Scanln(&name)\nfmt.Println("hello", name)')
        question = self.front.question(cell)
        self.assertFalse(question["content"]["password"])
        self.client.input("ana")
        self.assertEqual(self.front.reply(cell)["content"]["status"], "ok")
        self.front.idle(cell)
        self.assertTrue(self.front.text(cell).endswith("hello ana\n"), self.front.text(cell))

    def test_password(self):
        cell = self.front.cell('secret, err := display.Password("Key: ")\nfmt.Println(len(secret), err)')
        question = self.front.question(cell)
        self.assertEqual(question["content"], {"prompt": "Key: ", "password": True})
        self.client.input("ábc")
        self.front.idle(cell)
        self.assertEqual(self.front.text(cell), "4 <nil>\n")

    def test_interrupt_while_waiting_for_a_password(self):
        cell = self.front.cell('display.Password("Key: ")')
        self.front.question(cell)
        self.manager.interrupt_kernel()
        self.assertEqual(self.front.reply(cell)["content"]["ename"], "KeyboardInterrupt")
        self.front.idle(cell)

    def test_input_is_refused_where_nobody_answers(self):
        reply, published = self.front.run("var name string\n_, err := fmt.Scanln(&name)\nif err != nil { panic(err) }", allow_stdin=False)
        self.assertEqual(reply["status"], "error")
        self.assertIn("input", reply["evalue"])
        self.assertEqual(len([m for m in published if m["msg_type"] == "error"]), 1)

    def test_interrupt_while_waiting_for_input(self):
        cell = self.front.cell("var name string\nfmt.Scanln(&name)")
        self.front.question(cell)
        self.manager.interrupt_kernel()
        self.assertEqual(self.front.reply(cell)["content"]["ename"], "KeyboardInterrupt")
        self.front.idle(cell)
        self.client.input("too late")
        self.assertEqual(self.result("1 + 1"), "2")

    def test_late_output_goes_to_its_own_cell(self):
        first = self.front.cell('go_on := make(chan bool)\ngo func() { <-go_on; fmt.Println("late"); go_on <- true }()')
        self.front.idle(first)
        second = self.front.cell('fmt.Println("second")\ngo_on <- true\n<-go_on')
        self.front.idle(second)
        self.front.printed(first, "late\n")
        self.assertEqual(self.front.text(second), "second\n")

    def test_output_of_child_processes(self):
        cell = self.front.cell('p := mp.NewProcess(func() { fmt.Println("child"); fmt.Fprintln(os.Stderr, "oops") })\np.Start()\np.Join()')
        self.assertEqual(self.front.reply(cell)["content"]["status"], "ok")
        self.front.idle(cell)
        self.assertEqual((self.front.text(cell), self.front.text(cell, "stderr")), ("child\n", "oops\n"))

    def test_output_of_programs(self):
        cell = self.front.cell('c := exec.Command("sh", "-c", "echo out; echo err >&2")\nc.Stdout, c.Stderr = os.Stdout, os.Stderr\nc.Run()')
        self.front.idle(cell)
        self.assertEqual((self.front.text(cell), self.front.text(cell, "stderr")), ("out\n", "err\n"))

    def test_display_can_be_updated(self):
        request = self.front.cell('h := display.Show(display.Text("one"))\nh.Update(display.Text("two"))')
        published = self.front.idle(request)
        shown = [m for m in published if m["msg_type"] in ("display_data", "update_display_data")]
        self.assertEqual([m["msg_type"] for m in shown], ["display_data", "update_display_data"])
        self.assertEqual(*(m["content"]["transient"]["display_id"] for m in shown))

    def test_comm_with_buffers(self):
        self.front.run("""
comm.Register("echo", func(c *comm.Comm, m comm.Message) {
	c.OnMsg(func(m comm.Message) { c.SendMessage(m) })
	c.Send(map[string]any{"opened": true})
})""")
        opened = self.front.send("comm_open", {"comm_id": "c1", "target_name": "echo", "data": {}})
        published = self.front.idle(opened)
        self.assertEqual([m["content"]["data"] for m in published if m["msg_type"] == "comm_msg"], [{"opened": True}])
        sent = self.front.send("comm_msg", {"comm_id": "c1", "data": {"n": 7}}, buffers=[b"\x00\xff", b""])
        back = [m for m in self.front.idle(sent) if m["msg_type"] == "comm_msg"]
        self.assertEqual(len(back), 1)
        self.assertEqual(back[0]["content"]["data"], {"n": 7})
        self.assertEqual([bytes(b) for b in back[0]["buffers"]], [b"\x00\xff", b""])
        info = self.front.reply(self.front.send("comm_info_request", {}))
        self.assertEqual(info["content"]["comms"]["c1"], {"target_name": "echo"})
        self.front.idle(self.front.send("comm_close", {"comm_id": "c1", "data": {}}))
        self.assertNotIn("c1", self.front.reply(self.front.send("comm_info_request", {}))["content"]["comms"])

    def test_comm_of_no_target_is_closed(self):
        opened = self.front.send("comm_open", {"comm_id": "c2", "target_name": "nobody", "data": {}})
        self.assertIn("comm_close", [m["msg_type"] for m in self.front.idle(opened)])

    def subshell(self):
        reply = self.front.reply(self.front.send("create_subshell_request", {}, "control"))
        self.assertEqual(reply["content"]["status"], "ok", reply)
        return reply["content"]["subshell_id"]

    def test_subshells_answer_while_a_cell_runs(self):
        info = self.front.reply(self.front.send("kernel_info_request", {}))
        self.assertIn("kernel subshells", info["content"]["supported_features"])
        one = self.subshell()
        main = self.front.cell('shared := make(chan int)\nfmt.Println("ready")\nfmt.Println("got", <-shared)')
        self.front.printed(main, "ready")
        for kind, content in (("complete_request", {"code": "fmt.Printl", "cursor_pos": 10}),
                              ("inspect_request", {"code": "fmt.Println", "cursor_pos": 5, "detail_level": 0})):
            self.assertEqual(self.front.reply(self.front.send(kind, content, subshell=one))["content"]["status"], "ok")
        second = self.front.cell('fmt.Println("in a subshell")\n1 + 1', subshell=one)
        self.assertEqual(self.front.reply(second)["content"]["status"], "ok")
        self.assertEqual(self.front.reply(second)["parent_header"]["subshell_id"], one)
        self.front.idle(second)
        self.assertEqual(self.front.text(second), "in a subshell\n")
        self.assertFalse([m for m in self.front.replies if m["parent_header"]["msg_id"] == main])
        third = self.front.cell("shared <- 7", subshell=one)
        self.front.idle(third)
        self.front.idle(main)
        self.assertEqual(self.front.text(main), "ready\ngot 7\n")
        listed = self.front.reply(self.front.send("list_subshell_request", {}, "control"))
        self.assertEqual(listed["content"]["subshell_id"], [one])
        deleted = self.front.reply(self.front.send("delete_subshell_request", {"subshell_id": one}, "control"))
        self.assertEqual(deleted["content"]["status"], "ok")
        again = self.front.reply(self.front.send("delete_subshell_request", {"subshell_id": one}, "control"))
        self.assertEqual(again["content"]["status"], "error")

    def test_an_interrupt_meets_all_subshells(self):
        one = self.subshell()
        main = self.front.cell('fmt.Println("ready"); select {}')
        other = self.front.cell('fmt.Println("ready"); select {}', subshell=one)
        self.front.printed(main, "ready")
        self.front.printed(other, "ready")
        self.manager.interrupt_kernel()
        for cell in (main, other):
            self.assertEqual(self.front.reply(cell)["content"]["ename"], "KeyboardInterrupt")
            self.front.idle(cell)
        self.front.reply(self.front.send("delete_subshell_request", {"subshell_id": one}, "control"))

    def test_unknown_subshell(self):
        cell = self.front.cell("1", subshell="nowhere")
        states = [m["content"].get("execution_state") for m in self.front.idle(cell)]
        self.assertEqual((states[0], states[-1]), ("busy", "idle"))
        self.assertEqual(self.front.reply(cell)["content"]["status"], "error")

    def test_completion_while_a_cell_runs(self):
        cell = self.front.cell('fmt.Println("ready"); select {}')
        self.front.printed(cell, "ready")
        reply = self.front.reply(self.front.send("complete_request", {"code": "strings.HasPre", "cursor_pos": 14}))
        self.assertEqual(reply["content"]["matches"], ["HasPrefix"])
        self.manager.interrupt_kernel()
        self.front.idle(cell)


class EndTests(unittest.TestCase):
    """Tests that end their kernel."""

    def setUp(self):
        self.manager, self.client = start_new_kernel(kernel_name="cuaderno")
        self.front = Front(self.manager, self.client)

    def tearDown(self):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)

    def alive(self, pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def test_shutdown_ends_child_processes(self):
        cell = self.front.cell("""
fmt.Println(os.Getpid())
for range 3 {
	p := mp.NewProcess(func() { time.Sleep(time.Hour) })
	p.Start()
	fmt.Println(p.PID())
}""")
        self.front.idle(cell)
        pids = [int(line) for line in self.front.text(cell).split()]
        self.assertEqual(len(pids), 4)
        self.manager.shutdown_kernel()
        deadline = time.monotonic() + LIMIT
        while any(map(self.alive, pids)) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse([pid for pid in pids if self.alive(pid)])

    def test_restart(self):
        self.front.run("old := 1")
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=LIMIT)
        self.front = Front(self.manager, self.client)
        reply, _ = self.front.run("old")
        self.assertEqual((reply["status"], reply["execution_count"]), ("error", 1))

    def test_a_crash_costs_the_variables_only(self):
        self.front.run("old := 1")
        cell = self.front.cell("m := map[int]int{}\nfor range 8 { go func() { for { m[1]++ } }() }\nselect {}")
        self.assertEqual(self.front.reply(cell)["content"]["ename"], "SessionCrashed")
        self.front.idle(cell)
        reply, _ = self.front.run("6 * 7")
        self.assertEqual((reply["status"], reply["execution_count"]), ("ok", 3))


if __name__ == "__main__":
    sys.exit(strict.run(ClientTests, EndTests))
