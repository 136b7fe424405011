// Command lang holds the programs of the language benchmark. The same text is
// compiled by Go, and run by Cuaderno and by yaegi alone; programs.py has them
// for CPython.
//
//	lang REPEATS NAME…
//
// It runs each program that is named so often and prints a line of JSON for
// each time: its name, what it returned, the milliseconds of CPU time that the
// process took meanwhile, collecting garbage included, and the objects that were
// allocated.
package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	programs := map[string]func() int{
		"fib": runFib, "suma": runSuma, "sieve": sieve, "matmul": matmul, "map": words, "builder": builder,
		"sort": sorting, "nbody": nbody, "chan": channels, "closure": closure, "called": called, "append": appending,
	}
	repeats, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	for _, name := range os.Args[2:] {
		program := programs[name]
		for i := 0; i < repeats; i++ {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := processTime()
			value := program()
			ms := processTime() - start
			runtime.ReadMemStats(&after)
			fmt.Printf("{\"line\": %q, \"value\": %d, \"ms\": %.6f, \"objects\": %d}\n", name, value, ms, after.Mallocs-before.Mallocs)
		}
	}
}

// processTime returns the milliseconds of CPU time of the process.
func processTime() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func runFib() int { return fib(30) }

func suma(n int) int {
	val := 0
	for x := 0; x < 1000; x++ {
		val += x * x
	}
	return val
}

func runSuma() int {
	t := 0
	for i := 0; i < 10000; i++ {
		t += suma(i)
	}
	return t
}

func sieve() int {
	n := 1000000
	comp := make([]bool, n+1)
	count := 0
	for i := 2; i <= n; i++ {
		if !comp[i] {
			count++
			for j := i * i; j <= n; j += i {
				comp[j] = true
			}
		}
	}
	return count
}

func matmul() int {
	n := 120
	a := make([]float64, n*n)
	b := make([]float64, n*n)
	c := make([]float64, n*n)
	for i := 0; i < n*n; i++ {
		a[i] = float64(i % 7)
		b[i] = float64(i % 5)
	}
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			s := 0.0
			for k := 0; k < n; k++ {
				s += a[i*n+k] * b[k*n+j]
			}
			c[i*n+j] = s
		}
	}
	return int(c[n+1])
}

func words() int {
	words := make([]string, 1000)
	for i := 0; i < 1000; i++ {
		words[i] = "word" + string(rune('a'+i%26)) + string(rune('a'+(i/26)%26)) + string(rune('a'+i/676))
	}
	m := map[string]int{}
	k := 0
	for i := 0; i < 1000000; i++ {
		m[words[k]]++
		k++
		if k == 1000 {
			k = 0
		}
	}
	return len(m) + m[words[3]]
}

func builder() int {
	var sb strings.Builder
	for i := 0; i < 1000000; i++ {
		sb.WriteString("abc")
	}
	return len(sb.String())
}

func sorting() int {
	n := 100000
	s := make([]int, n)
	x := 12345
	for i := 0; i < n; i++ {
		x = (x*1103515245 + 12345) % 2147483648
		s[i] = x
	}
	sort.Slice(s, func(i, j int) bool { return s[i] < s[j] })
	return s[0]
}

type body struct {
	x, y, z, vx, vy, vz, mass float64
}

func (b *body) kick(dx, dy, dz, m float64) {
	b.vx += dx * m
	b.vy += dy * m
	b.vz += dz * m
}

func (b *body) drift(dt float64) {
	b.x += dt * b.vx
	b.y += dt * b.vy
	b.z += dt * b.vz
}

func nbody() int {
	bodies := []*body{
		{0, 0, 0, 0, 0, 0, 39.47},
		{4.84, -1.16, -0.10, 0.606, 2.81, -0.02, 0.037},
		{8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011},
		{12.89, -15.11, -0.22, 1.08, 0.868, -0.01, 0.0017},
		{15.37, -25.9, 0.179, 0.979, 0.594, -0.034, 0.002},
	}
	dt := 0.01
	for s := 0; s < 10000; s++ {
		for i := 0; i < len(bodies); i++ {
			bi := bodies[i]
			for j := i + 1; j < len(bodies); j++ {
				bj := bodies[j]
				dx := bi.x - bj.x
				dy := bi.y - bj.y
				dz := bi.z - bj.z
				d2 := dx*dx + dy*dy + dz*dz
				mag := dt / (d2 * math.Sqrt(d2))
				bi.kick(dx, dy, dz, -bj.mass*mag)
				bj.kick(dx, dy, dz, bi.mass*mag)
			}
		}
		for i := 0; i < len(bodies); i++ {
			bodies[i].drift(dt)
		}
	}
	return int(bodies[0].x * 1e6)
}

func channels() int {
	a := make(chan int)
	b := make(chan int)
	n := 100000
	go func() {
		for i := 0; i < n; i++ {
			v := <-a
			b <- v + 1
		}
	}()
	t := 0
	for i := 0; i < n; i++ {
		a <- i
		t += <-b
	}
	return t
}

func adder(k int) func(int) int {
	total := 0
	return func(x int) int {
		total += x * k
		return total
	}
}

func closure() int {
	f := adder(3)
	r := 0
	for i := 0; i < 1000000; i++ {
		r = f(i)
	}
	return r
}

// called is closure without what the compiler makes of it: f is not known, and
// is called.
func called() int {
	f := adders[0](3)
	r := 0
	for i := 0; i < 1000000; i++ {
		r = f(i)
	}
	return r
}

var adders = []func(int) func(int) int{adder}

func appending() int {
	var s []int
	for i := 0; i < 1000000; i++ {
		s = append(s, i)
	}
	return len(s) + s[500000]
}
