// Command processes holds the lines of "Processes and what joins them", to be run
// as cells are:
//
//	cuaderno run programs.go REPEATS LINE…
//
// programs.py has them for CPython. Both print samples.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	mp "cuaderno/mpruntime"
)

func trivial(x int) int { return x }

func suma(int) int {
	val := 0
	for x := range 1000 {
		val += x * x
	}
	return val
}

func echo(c *mp.Conn) {
	for {
		m, err := c.Recv()
		if err != nil || m == nil {
			return
		}
		c.Send(m)
	}
}

func sinkBytes(c *mp.Conn, n int) {
	for range n {
		c.RecvBytes()
	}
	c.Send(true)
}

func sinkValues(c *mp.Conn, n int) {
	for range n {
		c.Recv()
	}
	c.Send(true)
}

func producer(q *mp.Queue, n int, start *mp.Event) {
	start.Wait()
	for i := range n {
		q.Put(i)
	}
}

func increment(v *mp.Value[int], n int, start *mp.Event, done *mp.Semaphore) {
	start.Wait()
	for range n {
		v.Lock()
		v.Set(v.Get() + 1)
		v.Unlock()
	}
	done.Release()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func started(target any, args ...any) *mp.Process {
	p := mp.NewProcess(target, args...)
	check(p.Start())
	return p
}

// each returns the time that f says for one of n things.
func each(n int, d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(n) / 1e3 }

func messages(n int, sink any, send func(*mp.Conn, []byte) error) float64 {
	a, b := mp.NewPipe()
	p := started(sink, b, n)
	blob := bytes.Repeat([]byte("x"), 1<<20)
	time.Sleep(50 * time.Millisecond)
	t := time.Now()
	for range n {
		check(send(a, blob))
	}
	_, err := a.Recv()
	check(err)
	d := time.Since(t)
	check(p.Join())
	return each(n, d)
}

func queue(n, producers int) float64 {
	q, start := mp.NewQueue(), mp.NewEvent()
	var all []*mp.Process
	for range producers {
		all = append(all, started(producer, q, n/producers, start))
	}
	time.Sleep(100 * time.Millisecond)
	start.Set()
	_, err := q.Get()
	check(err)
	t := time.Now()
	for range n - 1 {
		q.Get()
	}
	d := time.Since(t)
	for _, p := range all {
		check(p.Join())
	}
	return each(n-1, d)
}

func contended(n int) float64 {
	v, start, done := mp.NewValue(0), mp.NewEvent(), mp.NewSemaphore(0)
	a, b := started(increment, v, n, start, done), started(increment, v, n, start, done)
	time.Sleep(150 * time.Millisecond)
	t := time.Now()
	start.Set()
	done.Acquire()
	done.Acquire()
	d := time.Since(t)
	check(a.Join())
	check(b.Join())
	if v.Get() != 2*n {
		panic(fmt.Sprint("increments were lost: ", v.Get()))
	}
	return each(2*n, d)
}

// lines measure once and return microseconds.
var lines = map[string]func() float64{
	"trip": func() float64 {
		const n = 2000
		a, b := mp.NewPipe()
		p := started(echo, b)
		for range 50 {
			a.Send(1)
			a.Recv()
		}
		t := time.Now()
		for i := range n {
			a.Send(i)
			a.Recv()
		}
		d := time.Since(t)
		a.Send(nil)
		check(p.Join())
		return each(n, d)
	},
	"bytes": func() float64 { return messages(100, sinkBytes, (*mp.Conn).SendBytes) },
	"values": func() float64 {
		return messages(100, sinkValues, func(c *mp.Conn, b []byte) error { return c.Send(b) })
	},
	"queue1": func() float64 { return queue(20000, 1) },
	"queue4": func() float64 { return queue(20000, 4) },
	"lock": func() float64 {
		const n = 100000
		l := mp.NewLock()
		t := time.Now()
		for range n {
			l.Lock()
			l.Unlock()
		}
		return each(n, time.Since(t))
	},
	"alone": func() float64 {
		const n = 100000
		v := mp.NewValue(0)
		t := time.Now()
		for range n {
			v.Lock()
			v.Set(v.Get() + 1)
			v.Unlock()
		}
		return each(n, time.Since(t))
	},
	"contended": func() float64 { return contended(100000) },
	"array": func() float64 {
		const n = 100000
		a := mp.NewArray[int](1000)
		t := time.Now()
		s := 0
		for i := range n {
			a.Set(i%1000, i)
			s += a.At(i % 1000)
		}
		return each(2*n, time.Since(t))
	},
	"raw": func() float64 {
		const n = 100000
		a := mp.NewRawArray[int](1000).Raw()
		t := time.Now()
		s := 0
		for i := range n {
			a[i%1000] = i
			s += a[i%1000]
		}
		return each(2*n, time.Since(t))
	},
	"pool": func() float64 {
		t := time.Now()
		pool := mp.NewPool(2)
		_, err := mp.Apply(pool, trivial, 1)
		check(err)
		d := time.Since(t)
		pool.Close()
		pool.Join()
		return each(1, d)
	},
	"apply": func() float64 {
		pool := mp.NewPool(2)
		defer pool.Terminate()
		mp.Apply(pool, trivial, 1)
		const n = 200
		t := time.Now()
		for range n {
			mp.Apply(pool, trivial, 1)
		}
		return each(n, time.Since(t))
	},
	"trivial": func() float64 { return mapped(100000, trivial) },
	"suma":    func() float64 { return mapped(4000, suma) },
}

func mapped(n int, f func(int) int) float64 {
	pool := mp.NewPool(2)
	defer pool.Terminate()
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	mp.Map(pool, f, items[:10])
	t := time.Now()
	results, err := mp.Map(pool, f, items)
	check(err)
	d := time.Since(t)
	if len(results) != n {
		panic("results are missing")
	}
	return each(n, d)
}

func main() {
	repeats, err := strconv.Atoi(os.Args[1])
	check(err)
	for _, name := range os.Args[2:] {
		for range repeats {
			line, err := json.Marshal(map[string]any{"line": name, "us": lines[name]()})
			check(err)
			fmt.Println(string(line))
		}
	}
}
