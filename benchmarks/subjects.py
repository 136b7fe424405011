"""The two kernels that are measured, and the same cells for both."""

from dataclasses import dataclass

LINES = 10_000  # that one cell prints
BURST = 20  # children started at once


@dataclass(frozen=True)
class Subject:
    """What is measured: a kernelspec and the same cells in its language."""

    name: str
    kernelspec: str
    lines: str  # prints LINES numbers
    keep: str  # sets a variable
    kept: str  # an expression that is 42 as long as the variable is kept
    spin: str  # prints a word and never ends
    children: str  # starts two processes that print a word and stay
    leaves_nothing: bool  # whether children end with a kernel that is killed


CUADERNO = Subject(
    name="cuaderno",
    kernelspec="cuaderno",
    lines="for i := range %d { fmt.Println(i) }" % LINES,
    keep="kept := 42",
    kept="kept",
    spin='fmt.Println("spinning"); for {}',
    children="""
func stay() {
	fmt.Println("running")
	time.Sleep(time.Hour)
}
for range 2 {
	if err := mp.NewProcess(stay).Start(); err != nil {
		panic(err)
	}
}
""",
    leaves_nothing=True,
)
IPYKERNEL = Subject(
    name="ipykernel",
    kernelspec="python3",
    lines="for i in range(%d): print(i)" % LINES,
    keep="kept = 42",
    kept="kept",
    spin='print("spinning", flush=True)\nwhile True: pass',
    children="""
import multiprocessing, time
def stay():
    print("running", flush=True)
    time.sleep(3600)
for _ in range(2):
    multiprocessing.get_context("fork").Process(target=stay).start()
""",
    leaves_nothing=False,
)

# A child reports the time of its first statement, the parent those before Start
# and after Join; the clock is one for all processes.
CHILD = 'func child(i int) { fmt.Println("child", i, time.Now().UnixNano()) }'
ONE_BY_ONE = """
for i := range %d {
	time.Sleep(%d * time.Millisecond)
	p := mp.NewProcess(child, i)
	start := time.Now().UnixNano()
	if err := p.Start(); err != nil {
		panic(err)
	}
	if err := p.Join(); err != nil {
		panic(err)
	}
	fmt.Println("parent", i, start, time.Now().UnixNano())
}
"""
ALL_AT_ONCE = """
var burst []*mp.Process
for i := range %d {
	burst = append(burst, mp.NewProcess(child, i))
}
start := time.Now().UnixNano()
for _, p := range burst {
	if err := p.Start(); err != nil {
		panic(err)
	}
}
for _, p := range burst {
	if err := p.Join(); err != nil {
		panic(err)
	}
}
fmt.Println("parent", 0, start, time.Now().UnixNano())
"""
