//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// An attempt makes objects and uses them. It returns the first error.
type attempt func() error

func attempts() map[string]attempt {
	return map[string]attempt{
		"NewPipe": func() error {
			a, b := mp.NewPipe()
			defer a.Close()
			defer b.Close()
			return errors.Join(a.Err(), b.Err(), a.Send(1), received(b, 1))
		},
		"NewOneWayPipe": func() error {
			r, w := mp.NewOneWayPipe()
			defer r.Close()
			defer w.Close()
			return errors.Join(r.Err(), w.Send(1), received(r, 1))
		},
		"OSPipe": func() error {
			r, w, err := mp.OSPipe()
			if err != nil {
				return err
			}
			return errors.Join(r.Close(), w.Close())
		},
		"NewQueue": func() error {
			q := mp.NewQueue(3)
			defer q.Close()
			return errors.Join(q.Err(), q.PutTimeout(1, limit), got(q.GetTimeout(limit)))
		},
		"NewJoinableQueue": func() error {
			q := mp.NewJoinableQueue(3)
			defer q.Close()
			return errors.Join(q.Err(), q.PutTimeout(1, limit), got(q.GetTimeout(limit)), q.TaskDone(), q.JoinTimeout(limit))
		},
		"NewSimpleQueue": func() error {
			q := mp.NewSimpleQueue()
			defer q.Close()
			if q.Err() != nil {
				return q.Err()
			}
			return errors.Join(q.Put(1), got(q.GetTimeout(limit)))
		},
		"large item": func() error {
			q := mp.NewQueue()
			defer q.Close()
			if err := errors.Join(q.Err(), q.Put(slab(1))); err != nil {
				return err
			}
			v, err := q.GetTimeout(limit)
			if err == nil {
				_, err = whole(v)
			}
			return err
		},
		"NewLock":          func() error { return used(mp.NewLock()) },
		"NewRLock":         func() error { return used(mp.NewRLock()) },
		"BoundedSemaphore": func() error { return used(permit{mp.NewBoundedSemaphore()}) },
		"NewSemaphore": func() error {
			s := mp.NewSemaphore()
			return errors.Join(s.Err(), s.AcquireTimeout(limit), s.Release())
		},
		"NewCondition": func() error {
			c := mp.NewCondition()
			return errors.Join(c.Err(), c.Lock(), c.Notify(), c.Unlock())
		},
		"NewEvent": func() error {
			e := mp.NewEvent()
			if e.Err() != nil {
				return e.Err()
			}
			e.Set()
			return e.WaitTimeout(limit)
		},
		"NewBarrier": func() error {
			b := mp.NewBarrier(1)
			_, err := b.WaitTimeout(limit)
			return errors.Join(b.Err(), err)
		},
		"NewValue": func() error {
			v := mp.NewValue(1)
			if v.Err() == nil && v.Add(1) != 2 {
				return errors.New("1 + 1 is not 2")
			}
			return v.Err()
		},
		"NewArray":        func() error { return mp.NewArray[int](5).Err() },
		"NewSharedMemory": func() error { m := mp.NewSharedMemory("", 100); return errors.Join(m.Err(), m.Unlink(), m.Close()) },
		"Wait": func() error {
			a, b := mp.NewPipe()
			defer a.Close()
			defer b.Close()
			if err := errors.Join(a.Err(), b.Send(1)); err != nil {
				return err
			}
			if ready := mp.Wait(limit, a); len(ready) != 1 {
				return errors.New("nothing is ready")
			}
			return nil
		},
		"Start": func() error {
			p := mp.NewProcess(nothing)
			if err := p.Start(); err != nil {
				return err
			}
			return ended(p)
		},
		"Listen": func() error {
			l, err := mp.Listen("tcp", "127.0.0.1:0", []byte("key"))
			if err != nil {
				return err
			}
			accepted := make(chan error, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					// Who has been connected already waits for what is never said.
					accepted <- errors.Join(err, l.Close())
					return
				}
				accepted <- errors.Join(received(c, 1), c.Close())
			}()
			c, err := mp.Dial("tcp", l.Addr(), []byte("key"))
			if err != nil {
				return errors.Join(err, without(l.Close(), mp.ErrClosed), without(<-accepted, mp.ErrClosed))
			}
			defer c.Close()
			defer l.Close()
			err = c.Send(1)
			select {
			case e := <-accepted:
				return errors.Join(err, e)
			case <-time.After(limit):
				return errors.New("nobody accepts")
			}
		},
		"NewPool": func() error {
			pool := mp.NewPool(2)
			if pool.Err() != nil {
				return pool.Err()
			}
			_, err := mp.Map(pool, twice, []int{1, 2, 3})
			return errors.Join(err, pool.Terminate(), pool.Join())
		},
	}
}

// passing attempts use a pipe that exists.
func passing(a, b *mp.Conn) map[string]attempt {
	lock := mp.NewLock()
	return map[string]attempt{
		"Send and Recv of an object": func() error {
			if err := a.Send(lock); err != nil {
				return err
			}
			v, err := b.RecvTimeout(limit)
			if err != nil {
				return err
			}
			if l, ok := v.(*mp.Lock); !ok || l.Err() != nil {
				return fmt.Errorf("received %v", v)
			}
			return used(v.(*mp.Lock))
		},
		"Send and Recv of a large message": func() error {
			if err := a.Send(slab(3)); err != nil {
				return err
			}
			v, err := b.RecvTimeout(limit)
			if err == nil {
				_, err = whole(v)
			}
			return err
		},
		"Send and Recv": func() error { return errors.Join(a.Send(1), received(b, 1)) },
	}
}

func received(c *mp.Conn, want any) error { return gotOf(want)(c.RecvTimeout(limit)) }

func got(v any, err error) error { return gotOf(1)(v, err) }

func gotOf(want any) func(v any, err error) error {
	return func(v any, err error) error {
		if err == nil && v != want {
			err = fmt.Errorf("got %v, want %v", v, want)
		}
		return err
	}
}

func used(g guard) error {
	return errors.Join(g.Err(), g.LockTimeout(limit), g.Unlock())
}

func ended(p *mp.Process) error {
	if !p.JoinTimeout(limit) {
		return errors.Join(errors.New("the process does not end"), p.Kill())
	}
	if code, _ := p.ExitCode(); code != 0 {
		return errors.Join(fmt.Errorf("exit code %d", code), p.Err())
	}
	return nil
}

// without is err unless that wraps one.
func without(err, one error) error {
	if errors.Is(err, one) {
		return nil
	}
	return err
}

// exhaust opens files until the system refuses, and closes some again.
func exhaust(spare int) (release func(), err error) {
	var files []*os.File
	release = func() {
		for _, f := range files {
			_ = f.Close()
		}
	}
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		if err != nil {
			return release, err
		}
		files = append(files, f)
	}
	if spare > len(files) {
		return release, fmt.Errorf("only %d descriptors could be used up", len(files))
	}
	for range spare {
		_ = files[len(files)-1].Close()
		files = files[:len(files)-1]
	}
	return release, nil
}

// withoutDescriptors is a program whose objects are made with none, one, two …
// descriptors left, so that each step of the making fails once.
func withoutDescriptors() error {
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 128, Max: was.Max}); err != nil {
		return err
	}
	a, b := mp.NewPipe()
	if err := a.Err(); err != nil {
		return err
	}
	tries := attempts()
	maps.Copy(tries, passing(a, b))
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(tries)) {
		if err := starve(tries[name]); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// starve makes an attempt with ever more descriptors until it succeeds, and checks
// what it says until then and leaves behind.
func starve(try attempt) error {
	if err := try(); err != nil {
		return fmt.Errorf("in the beginning: %w", err)
	}
	if err := fillStock(); err != nil {
		return err
	}
	before := settled()
	for spare := 0; ; spare++ {
		release, err := exhaust(spare)
		if err == nil {
			err = try()
		}
		release()
		if err != nil && !errors.Is(err, syscall.EMFILE) {
			return fmt.Errorf("with %d descriptors: %w", spare, err)
		}
		if again := try(); again != nil {
			return fmt.Errorf("after an attempt with %d descriptors, which gave %v: %w", spare, err, again)
		}
		if err == nil {
			break
		}
		if spare == 40 {
			return fmt.Errorf("with %d descriptors: %w", spare, err)
		}
	}
	if err := fillStock(); err != nil {
		return err
	}
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		after := settled()
		if after <= before {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d descriptors are left over", after-before)
		}
	}
}

// settled counts the descriptors of this process when what nobody refers to any more
// is closed.
func settled() int {
	runtime.GC()
	count := 0
	for fd := range 128 {
		var stat syscall.Stat_t
		if syscall.Fstat(fd, &stat) == nil {
			count++
		}
	}
	return count
}

func TestFaultDescriptorsExhausted(t *testing.T) {
	leavesNothing(t)
	runProgram(t, program(t, "descriptors"))
}
