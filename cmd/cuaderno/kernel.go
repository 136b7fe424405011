package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"cuaderno/install"
	"cuaderno/internal/limits"
	"cuaderno/interp/lang"
	"cuaderno/interp/lang/limited"
	"cuaderno/interp/remote"
	"cuaderno/kernel"
	"cuaderno/kernel/wire"
)

func kernelCommand() command {
	return command{
		name:     "kernel",
		synopsis: "-f CONNECTION-FILE [--memory 2G] [--processes 20] [--cell-timeout 60s] [--output 10M]",
		summary:  "Serve a notebook. Jupyter starts this.",
		run:      runKernel,
		survives: true,
	}
}

func runKernel(ctx context.Context, p *program, args []string) error {
	set := p.flags(kernelCommand())
	file := set.String("f", "", "the connection `file` that Jupyter wrote")
	engine := engineFlag(set)
	flags := newLimitFlags(set)
	if err := p.parse(set, args, 0); err != nil {
		return err
	}
	if *file == "" {
		return p.mistake(set, "-f is required")
	}
	connection, err := wire.ReadConnection(*file)
	if err != nil {
		return err
	}
	l, err := flags.resolve(os.Getenv, limits.Limits{
		Memory: limits.DefaultMemory(), Processes: limits.DefaultProcesses, Output: limits.DefaultOutput,
	})
	if err != nil {
		return err
	}
	start, err := p.starter(*engine, limited.Rules{
		Limits: l, Patience: limitPatience, TimeSetting: "--cell-timeout or CUADERNO_CELL_TIMEOUT", Interactive: true,
	})
	if err != nil {
		return err
	}
	logger, closeLog, err := p.logger(os.Getenv("CUADERNO_LOG"))
	if err != nil {
		return err
	}
	defer closeLog()
	k, err := kernel.New(kernel.Config{
		Connection: connection,
		Start:      start,
		Logger:     logger,
		Version:    version,
		History:    historyFile(os.Getenv),
	})
	if err != nil {
		return err
	}
	if os.Getenv("JPY_PARENT_PID") != "" {
		var stop context.CancelFunc
		ctx, stop = withParent(ctx)
		defer stop()
	}
	return k.Run(ctx)
}

// limitPatience is how long a cell that passed a limit may take to stop.
const limitPatience = 2 * time.Second

// withParent returns a context that ends with the process that started this one:
// a front end that is killed cannot ask its kernels to shut down. Jupyter sets
// JPY_PARENT_PID for kernels that should watch it, as ipykernel does.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if os.Getppid() != parent {
					stop()
				}
			}
		}
	}()
	return ctx, stop
}

// starter returns what starts a session: the helper beside this program. engine
// is which engine it has, rules what its cells are to keep, args are the os.Args of
// what runs in it.
func (p *program) starter(engine string, rules limited.Rules, args ...string) (lang.Starter, error) {
	self, err := install.Program(p.arg0)
	if err != nil {
		return nil, err
	}
	helper, err := install.Helper(self)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, previous lang.Session) (lang.Session, error) {
		arguments := remote.Arguments{Engine: engine, Memory: rules.Memory, Processes: rules.Processes}
		program := remote.Program{Path: helper, Args: slices.Concat([]string{"session"}, arguments.List(), args)}
		if old, ok := previous.(*limited.Session); ok {
			previous = old.Session
		}
		program.Previous, _ = previous.(*remote.Client)
		session, err := remote.Start(ctx, program)
		if err != nil {
			return nil, err
		}
		return limited.New(session, rules), nil
	}, nil
}

// logger returns the logger that setting asks for: level[:file], where the file
// is stderr if absent. Without a setting nothing is logged but warnings.
func (p *program) logger(setting string) (logger *slog.Logger, closeLog func(), err error) {
	name, path, toFile := strings.Cut(setting, ":")
	level := slog.LevelWarn
	if name != "" {
		if err := level.UnmarshalText([]byte(name)); err != nil {
			return nil, nil, fmt.Errorf("CUADERNO_LOG=%s: the level is one of debug, info, warn, error", setting)
		}
	}
	w, closeLog := p.stderr, func() {}
	if toFile {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("opening the log: %w", err)
		}
		w, closeLog = f, func() { f.Close() }
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), closeLog, nil
}
