//go:build unix

package mpruntime_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	mp "cuaderno/mpruntime"
)

// functions returns what the processes of the older tests run.
func functions() map[string]function {
	return map[string]function{
		"nothing": func(context.Context, []string) int { return 0 },
		"code": func(_ context.Context, args []string) int {
			code, _ := strconv.Atoi(args[0])
			return code
		},
		"exit": func(_ context.Context, args []string) int {
			code, _ := strconv.Atoi(args[0])
			fmt.Println("before the exit")
			os.Exit(code)
			return 0
		},
		"panic": func(context.Context, []string) int { panic("ay") },
		"say": func(_ context.Context, args []string) int {
			fmt.Println(strings.Join(args, " "))
			return 0
		},
		"who": func(context.Context, []string) int {
			self, parent := mp.CurrentProcess(), mp.ParentProcess()
			fmt.Println(self.Name, os.Getpid(), self.PID(), os.Getppid(), parent.Name, parent.PID(), parent.IsAlive(), self.Daemon, self.IsAlive())
			return 0
		},
		"where": func(context.Context, []string) int {
			dir, _ := os.Getwd()
			fmt.Println(dir, os.Getenv("MP_TEST"))
			return 0
		},
		"lines": func(_ context.Context, args []string) int {
			n, _ := strconv.Atoi(args[0])
			for i := range n {
				fmt.Print("line ")
				fmt.Println(i)
			}
			fmt.Print("partial")
			return 0
		},
		"forever": func(ctx context.Context, args []string) int {
			for _, arg := range args {
				if arg == "stubborn" {
					signal.Ignore(syscall.SIGTERM)
				}
			}
			fmt.Println(os.Getpid())
			<-ctx.Done()
			return 1
		},
		// One child that goes on for ever; then the end of the target.
		"leaves": func(_ context.Context, args []string) int {
			p := named("forever")
			p.Daemon = args[0] == "daemon"
			if err := p.Start(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			if len(args) > 1 {
				fmt.Println(args[1])
			}
			return 0
		},
		"family": func(_ context.Context, args []string) int {
			p := named("who")
			if err := p.Start(); err != nil {
				fmt.Println(err)
				return 1
			}
			p.Join()
			fmt.Println("children left:", len(mp.ActiveChildren()))
			return 0
		},
		// Joined by the child's end, not by the target.
		"unjoined": func(context.Context, []string) int {
			if err := named("late").Start(); err != nil {
				return 1
			}
			fmt.Println("target returned")
			return 0
		},
		"late": func(context.Context, []string) int {
			<-time.After(50 * time.Millisecond) // gives a parent that does not wait the time to go
			fmt.Println("late")
			return 0
		},
		// Writes when its parent is gone.
		"orphan": func(context.Context, []string) int {
			fmt.Println(os.Getpid())
			mp.ParentProcess().Join()
			fmt.Println("orphan", mp.ParentProcess().IsAlive())
			return 0
		},
		"makesOrphan": func(ctx context.Context, _ []string) int {
			if err := named("orphan").Start(); err != nil {
				return 1
			}
			<-ctx.Done()
			return 1
		},
		// A MainProcess with a tree below it: two children, one grandchild, a stock.
		"tree": func(ctx context.Context, _ []string) int {
			mp.Prepare()
			for _, target := range []string{"forever", "makesOrphan"} {
				if err := named(target).Start(); err != nil {
					fmt.Println(err)
					return 1
				}
			}
			io.Copy(io.Discard, os.Stdin) // the null device: ends at once
			<-ctx.Done()
			return 0
		},
		// A MainProcess that ends as it should, or not.
		"shutdown": func(context.Context, []string) int {
			d := named("forever")
			d.Daemon = true
			d.Start()
			named("late").Start()
			return 0
		},
		"crash": func(ctx context.Context, _ []string) int {
			for _, daemon := range []bool{true, false} {
				p := named("forever", "stubborn")
				p.Daemon = daemon
				p.Start()
			}
			<-ctx.Done()
			return 0
		},
	}
}
