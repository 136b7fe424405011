// Command compiled uses package mpruntime in a compiled program: functions that
// run in processes of their own, with queues, shared values and a pool.
//
//	go run ./examples/compiled
package main

import (
	"fmt"
	"os"

	mp "cuaderno/mpruntime"
)

// What main does it does in every process: mp.Main calls run in the first and
// what a process is for in the others.
func main() { os.Exit(mp.Main(run)) }

func run() (exitCode int) {
	for _, part := range []func() error{processes, sharing, mapping} {
		if err := part(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// processes starts a function with arguments, a value with a method Run, and a
// literal.
func processes() error {
	for _, p := range []*mp.Process{
		mp.NewProcess(printSquares, "square", 1, 2, 3),
		mp.NewProcess(&report{"norm", []any{point{3, 4}}, norm}),
		mp.NewProcess(func() { fmt.Println("I am", mp.CurrentProcess().Name) }),
	} {
		if err := p.Start(); err != nil {
			return err
		}
		if err := p.Join(); err != nil {
			return err
		}
	}
	return nil
}

func printSquares(label string, numbers ...int) {
	for _, n := range numbers {
		fmt.Println(label, n, n*n)
	}
}

// Values of any type of the program travel, with unexported fields and methods.
type point struct{ x, y int }

func (p point) norm() int { return p.x*p.x + p.y*p.y }

func norm(item any) int { return item.(point).norm() }

type report struct {
	title string
	items []any
	each  func(any) int
}

// Run is what the process of a report does.
func (r *report) Run() {
	for _, item := range r.items {
		fmt.Println(r.title, item, r.each(item))
	}
}

// sharing has four processes add to one value under its lock, and each put
// what it has seen into a queue.
func sharing() error {
	total, results := mp.NewValue(0), mp.NewQueue()
	var workers []*mp.Process
	for i := range 4 {
		p := mp.NewProcess(work, i+1, total, results)
		if err := p.Start(); err != nil {
			return err
		}
		workers = append(workers, p)
	}
	sum := 0
	for range workers {
		n, err := mp.Get[int](results)
		if err != nil {
			return err
		}
		sum += n
	}
	for _, p := range workers {
		if err := p.Join(); err != nil {
			return err
		}
	}
	fmt.Println("total", total.Get(), "results", sum)
	return nil
}

func work(n int, total *mp.Value[int], results *mp.Queue) {
	for range 1000 {
		total.Add(n)
	}
	if err := results.Put(n * n); err != nil {
		panic(err)
	}
}

// mapping spreads calls of a function over the workers of a pool.
func mapping() error {
	pool := mp.NewPool(3)
	cubes, err := mp.Map(pool, cube, []int{1, 2, 3, 4, 5})
	if err != nil {
		return err
	}
	fmt.Println("cubes", cubes)
	if err := pool.Close(); err != nil {
		return err
	}
	return pool.Join()
}

func cube(n int) int { return n * n * n }
