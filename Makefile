# Every verb does its own set-up and says what it does. Run make help for the list.

export GOTOOLCHAIN := go1.26.8
LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Both programs carry a digest of the sources, by which they know each other.
STAMP = $(shell find . -name '*.go' -not -path './.venv/*' -not -path './build/*' -type f | LC_ALL=C sort | xargs cat | cksum | cut -d' ' -f1)

PYTHON ?= python3
VENV := $(CURDIR)/.venv
NOTEBOOK := notebooks/multiprocessing.ipynb
NOTEBOOKS := $(wildcard notebooks/*.ipynb)

# Where Chromium may be found; the tests look through the same names.
BROWSERS := chromium chromium-browser google-chrome

# What runs programs for arm64 on another machine.
QEMU := qemu-aarch64

say = @printf '\033[1m== %s\033[0m\n' "$(1)"
# need checks a condition and otherwise names what is missing and the line that mends it.
need = @$(1) >/dev/null 2>&1 || { printf '%s\n' "make: $(2)" "  mend it with: $(3)" >&2; exit 1; }

# go generate ./interp/... makes the archive of export data and the binding
# tables; these are what it reads.
GENERATED := build/generated.stamp
GENERATOR_INPUTS := go.mod $(filter-out %_test.go,$(wildcard internal/stdgen/*.go internal/stdgen/shims/* mpruntime/*.go interp/comm/*.go interp/display/*.go internal/codec/*.go internal/shm/*.go internal/packet/*.go)) \
	$(filter-out %_test.go $(wildcard interp/stdlib/std_* interp/symbols/std_*),$(wildcard interp/stdlib/*.go interp/symbols/*.go))
OUTPUTS_EXIST := $(and $(wildcard interp/stdlib/std_*.zip),$(wildcard interp/symbols/std_*.go))

.PHONY: help build generate check test test-faults test-clients soak reliability arm64 notebook lab bench bench-lang bench-processes conformance fidelity update clean hooks go-present python-present venv kernelspec FORCE
.DEFAULT_GOAL := help

help: ## show the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

build: go-present $(GENERATED) ## build bin/cuaderno and bin/cuaderno-helper
	$(call say,building bin/cuaderno and bin/cuaderno-helper)
	@mkdir -p bin
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X cuaderno/internal/frame.stamp=$(STAMP)' -o bin/ ./cmd/cuaderno ./cmd/cuaderno-helper

generate: ## make the embedded standard library again
	@rm -f $(GENERATED)
	@$(MAKE) --no-print-directory $(GENERATED)

$(GENERATED): $(GENERATOR_INPUTS) $(if $(OUTPUTS_EXIST),,FORCE) | go-present
	$(call say,generating the embedded standard library (go generate ./interp/...))
	@mkdir -p $(@D)
	@go generate ./interp/...
	@touch $@

check: go-present $(GENERATED) ## format, vet, module file, linter, layers
	$(call say,gofmt)
	@bad=$$(gofmt -l $$(find . -name '*.go' -not -path './.venv/*' -not -path './build/*' -not -name 'std_*')); \
		test -z "$$bad" || { echo "not formatted; mend it with: gofmt -w" $$bad >&2; exit 1; }
	$(call say,go mod tidy)
	@go mod tidy -diff || { echo "go.mod is not tidy; mend it with: go mod tidy" >&2; exit 1; }
	$(call say,go vet)
	@go vet ./...
	$(call say,layers and documents)
	@go test ./internal/archtest
	$(call say,golangci-lint (the first run builds it: about a minute and a half))
	@if go run $(LINT) version >/dev/null 2>&1; then go run $(LINT) run ./...; \
		else echo "golangci-lint cannot be fetched or built here: skipped" >&2; test -z "$$CI"; fi

test: build venv kernelspec ## all tests but those of faults, with the race detector, Jupyter and a browser
	@for b in $(BROWSERS); do command -v $$b >/dev/null && exit 0; done; \
		echo "No Chromium: the JupyterLab test is left out; mend it with: apt-get install chromium"
	@if command -v $$(go env CC) >/dev/null; then race=-race; else race=; \
		echo "No C compiler ($$(go env CC)): testing without the race detector; mend it with: apt-get install gcc"; fi; \
	printf '\033[1m== %s\033[0m\n' "go test $$race ./..."; \
	test -z "$$race" || export CGO_ENABLED=1; \
	CUADERNO_VENV=$(VENV) CUADERNO_PICTURES=$(CURDIR)/build/lab go test $$race -skip '^TestFault' ./...

# The tests choose random moments: a run that fails names its -seed.
test-faults: build ## the tests of faults: processes killed at random moments, nothing left to use, interrupts
	$(call need,command -v $$(go env CC),the race detector needs a C compiler,apt-get install gcc)
	$(call say,go test -race -run '^TestFault' ./mpruntime/faults ./cmd/cuaderno)
	@CGO_ENABLED=1 go test -race -count 1 -run '^TestFault' ./mpruntime/faults ./cmd/cuaderno

test-clients: build venv kernelspec ## the tests with real front ends only: jupyter_client, nbclient, nbconvert, papermill, console, JupyterLab
	$(call say,go test ./notebooks)
	@CUADERNO_VENV=$(VENV) CUADERNO_PICTURES=$(CURDIR)/build/lab go test -count 1 ./notebooks

# SEED repeats the choices of a run; a whole hour writes its figures down.
DURATION ?= 1h
SEED ?= 0

soak: build ## use the kernel for an hour as people and broken programs do (DURATION=10m for less)
	$(call say,go run ./internal/soak -duration $(DURATION))
	@go run ./internal/soak -duration $(DURATION) -seed $(SEED) $(if $(filter 1h,$(DURATION)),-page docs/reliability.md)

# RUNS is how often each state is measured.
RUNS ?= 5

reliability: build ## interrupt cells in every state, and write the times to docs/reliability.md
	$(call say,interrupting cells in every state)
	@go test -count 1 -timeout 60m -run '^TestInterruptStates$$' ./cmd/cuaderno -args -reliability $(CURDIR)/docs/reliability.md -runs $(RUNS)

# How long each of the four targets is fuzzed.
FUZZTIME ?= 15s

fuzz-wire: go-present ## fuzz what arrives on the sockets: greetings, frames, messages, requests
	$(call say,fuzzing kernel/transport and kernel/wire for $(FUZZTIME) each)
	@for target in transport:FuzzHandshake transport:FuzzMessages wire:FuzzDecode wire:FuzzRequests; do \
		go test ./kernel/$${target%:*} -run '^$$' -fuzz "^$${target#*:}\$$" -fuzztime $(FUZZTIME) || exit 1; done

arm64: go-present ## the engine's tests for arm64, under qemu-user
	$(call need,command -v $(QEMU),$(QEMU) is missing,apt-get install qemu-user)
	$(call say,generating the standard library for arm64)
	@go run ./internal/stdgen -goos linux -goarch arm64 -interp interp -own cuaderno/interp/comm,cuaderno/interp/display,cuaderno/mpruntime
	$(call say,GOARCH=arm64 go test -exec $(QEMU) (runtime types and engine))
	@CGO_ENABLED=0 GOARCH=arm64 CUADERNO_EXEC=$(QEMU) go test -exec $(QEMU) -short -timeout 10m \
		-run 'Operations|Trampoline|HostCalls|Callers|Panic|Type|Method|Memory|Map|Chan' ./interp/rtype ./interp/engine ./interp/engine/compiled

notebook: build venv kernelspec ## execute the course's notebooks with jupyter nbconvert
	$(call say,executing $(NOTEBOOKS))
	@mkdir -p build
	@$(VENV)/bin/jupyter nbconvert --log-level=WARN --to notebook --execute $(NOTEBOOKS) --output-dir build/
	@echo "The executed notebooks are $(addprefix build/,$(notdir $(NOTEBOOKS))); make lab opens the course in JupyterLab."

lab: build venv kernelspec ## open the course in JupyterLab
	$(call say,JupyterLab; end it with Ctrl-C)
	@$(VENV)/bin/jupyter lab --ServerApp.ip=127.0.0.1 $(NOTEBOOK)

bench: build venv kernelspec ## measure, beside ipykernel in the same run
	$(call say,benchmarks)
	@CUADERNO_VENV=$(VENV) go run ./benchmarks

bench-lang: build python-present ## measure the language only, beside compiled Go, yaegi and CPython
	$(call say,benchmarks of the language)
	@go run ./benchmarks -lang -python $(PYTHON)

bench-processes: build python-present ## measure processes, queues, locks and pools only, beside CPython's
	$(call say,benchmarks of processes)
	@go run ./benchmarks -processes -python $(PYTHON)

conformance: go-present ## compare mpruntime with CPython's own tests (docs/conformance.md)
	$(call say,our side of CPython's tests of multiprocessing)
	@go run ./internal/conformance

# Engines to run, and every how manieth program; the page is made from complete runs only.
ENGINES ?= compiled,auto
SAMPLE ?= 1

fidelity: build ## run Go's own test programs (docs/fidelity.md)
	$(call say,Go's own test programs (of the Go installation or of FIDELITY_TESTS=DIR))
	@go run ./internal/fidelity -engine=$(ENGINES) -sample $(SAMPLE) $(if $(filter 1,$(SAMPLE)),-page docs/fidelity.md)

update: go-present python-present generate ## goldens, embedded library and requirements.lock
	$(call say,goldens)
	@for p in $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -r -n1 dirname | sort -u); do \
		go test $$p -update || exit 1; done
	$(call say,notebooks/requirements.lock)
	@mkdir -p build
	@rm -rf build/lock-venv && $(PYTHON) -m venv build/lock-venv
	@build/lock-venv/bin/python -m pip install --quiet --disable-pip-version-check -r notebooks/requirements.in
	@{ echo "# Made by make update from requirements.in; every package, with its version."; \
		build/lock-venv/bin/python -m pip freeze --disable-pip-version-check; grep ';' notebooks/requirements.in; } >build/requirements.lock
	@mv build/requirements.lock notebooks/requirements.lock && rm -rf build/lock-venv

hooks: ## let git run make check before each commit
	git config core.hooksPath .githooks

clean: ## remove everything that the other verbs make
	rm -rf bin build .venv interp/stdlib/std_* interp/symbols/std_*.go

go-present:
	$(call need,command -v go,Go is missing,install Go 1.26 from the Go project and put its bin directory on PATH)
	$(call need,go version,Go cannot provide $(GOTOOLCHAIN),install that release from the Go project or allow the download of toolchains)

python-present:
	$(call need,command -v $(PYTHON),Python is missing,apt-get install python3 python3-venv)
	$(call need,$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3$(comma) 11))',$(PYTHON) is older than 3.11,make PYTHON=python3.11 ... with a newer one)
	$(call need,$(PYTHON) -c 'import venv$(comma) ensurepip',Python has no venv module,apt-get install python3-venv)

comma := ,

venv: $(VENV)/requirements.stamp

$(VENV)/requirements.stamp: notebooks/requirements.lock | python-present
	$(call say,making the Python environment .venv (about half a minute))
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r notebooks/requirements.lock || \
		{ echo "make: the Python packages cannot be installed" >&2; echo "  mend it with: a network connection to a package index, then make again" >&2; exit 1; }
	@touch $@

kernelspec: build venv
	@bin/cuaderno install --prefix $(VENV) >/dev/null
