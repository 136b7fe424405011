// Command operations is one program a file. Each prints what came of the operations
// of its name, and prints the same when it is compiled by Go and run by the engine.
package main

import (
	"fmt"
	"sync"
	"time"
)

type msg struct {
	id   int
	text string
	back chan<- string
}

func try(f func()) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Printf("panic: %v %T\n", e, e)
		}
	}()
	f()
}

func gen(n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := range n {
			c <- i
		}
	}()
	return c
}

func main() {
	t := 0
	for v := range gen(1000) {
		t += v
	}
	fmt.Println(t)
	b := make(chan string, 3)
	b <- "a"
	b <- "b"
	fmt.Println(len(b), cap(b), <-b)
	close(b)
	v, ok := <-b
	fmt.Println(v, ok)
	v, ok = <-b
	fmt.Printf("%q %v\n", v, ok)
	try(func() { b <- "x" })
	try(func() { close(b) })
	try(func() { var c chan int; close(c) })
	var nc chan int
	select {
	case nc <- 1:
		fmt.Println("never")
	case <-nc:
		fmt.Println("never")
	default:
		fmt.Println("default")
	}
	select {
	case nc <- 1:
	default:
		fmt.Println("default one", len(nc), cap(nc))
	}
	m := make(chan msg)
	go func() {
		for x := range m {
			x.back <- fmt.Sprint(x.id, x.text)
		}
	}()
	back := make(chan string)
	for i := range 3 {
		m <- msg{i, "t", back}
		fmt.Println(<-back)
	}
	close(m)
	x, ok := <-m
	fmt.Println(x, ok)
	var wg sync.WaitGroup
	var mu sync.Mutex
	results := map[string]int{}
	work := make(chan [3]int, 4)
	quit := make(chan struct{})
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case w, ok := <-work:
					if !ok {
						return
					}
					mu.Lock()
					results[fmt.Sprint(w[2]%3)] += w[0] + w[1]
					mu.Unlock()
				case <-quit:
					return
				}
			}
		}()
	}
	for i := range 500 {
		work <- [3]int{i, 1, i}
	}
	close(work)
	wg.Wait()
	close(quit)
	<-quit
	fmt.Println(results)
	c1, c2, c3 := make(chan int, 100000), make(chan float64, 100000), make(chan []int)
	for i := range 6000 {
		c1 <- i
		c2 <- float64(i)
	}
	n1, n2 := 0, 0
	for range 3000 {
		select {
		case i := <-c1:
			n1 += i*0 + 1
		case f, ok := <-c2:
			if ok {
				n2 += int(f)*0 + 1
			}
		case s := <-c3:
			panic(s)
		}
	}
	fmt.Println(n1 > 1200, n2 > 1200, n1+n2)
	var fair [4]int
	ready := make(chan struct{})
	close(ready)
	for range 8000 {
		select {
		case <-ready:
			fair[0]++
		case <-nc:
		case <-ready:
			fair[1]++
		case <-c3:
		case <-ready:
			fair[2]++
		}
	}
	fmt.Println(fair[0] > 2300, fair[1] > 2300, fair[2] > 2300, fair[0] < 3000, fair[1] < 3000, fair[2] < 3000)
	select {
	case <-c3:
	case <-time.After(3 * time.Millisecond):
		fmt.Println("timeout")
	}
	go func() { c3 <- []int{1, 2} }()
	select {
	case s, ok := <-c3:
		fmt.Println(s, ok)
	case nc <- 1:
	}
	done := make(chan error, 1)
	go func() {
		select {
		case c3 <- []int{7}:
			done <- nil
		case nc <- 2:
		}
	}()
	fmt.Println(<-c3, <-done)
	select {
	case v, ok := <-b:
		fmt.Printf("%q %v\n", v, ok)
	case c3 <- nil:
	}
	try(func() {
		select {
		case b <- "q":
		case <-nc:
		}
	})
	var send chan<- int = c1
	var recv <-chan int = c1
	for len(c1) > 0 {
		<-c1
	}
	send <- 5
	fmt.Println(<-recv, cap(send))
	e := make(chan struct{}, 2)
	e <- struct{}{}
	<-e
	i8 := make(chan int8, 1)
	i8 <- -3
	bo := make(chan bool, 1)
	bo <- true
	co := make(chan complex64, 1)
	co <- 2i
	an := make(chan any, 1)
	an <- nil
	fn := make(chan func() int, 1)
	fn <- func() int { return 8 }
	sm := make(chan struct{ a int8 }, 1)
	sm <- struct{ a int8 }{4}
	fmt.Println(<-i8, <-bo, <-co, <-an, (<-fn)(), <-sm)
	cc := make(chan chan int, 1)
	cc <- make(chan int, 7)
	fmt.Println(cap(<-cc))
	// ten cases
	var many [10]chan int
	for i := range many {
		many[i] = make(chan int, 1)
	}
	many[7] <- 70
	select {
	case v := <-many[0]:
		fmt.Println(0, v)
	case v := <-many[1]:
		fmt.Println(1, v)
	case v := <-many[2]:
		fmt.Println(2, v)
	case v := <-many[3]:
		fmt.Println(3, v)
	case v := <-many[4]:
		fmt.Println(4, v)
	case v := <-many[5]:
		fmt.Println(5, v)
	case v := <-many[6]:
		fmt.Println(6, v)
	case v := <-many[7]:
		fmt.Println(7, v)
	case v := <-many[8]:
		fmt.Println(8, v)
	case v := <-many[9]:
		fmt.Println(9, v)
	}
	// pipeline
	src := make(chan int)
	var in <-chan int = src
	for range 50 {
		out := make(chan int)
		go func(in <-chan int) {
			for v := range in {
				out <- v + 1
			}
			close(out)
		}(in)
		in = out
	}
	go func() {
		for i := range 100 {
			src <- i
		}
		close(src)
	}()
	sum := 0
	for v := range in {
		sum += v
	}
	fmt.Println(sum)
}
