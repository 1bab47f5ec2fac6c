# aircheck: 'make demo' shows it, 'make test' proves it, 'make help' lists the rest.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The version comes from the line above; asking git a second time fails in containers where somebody else owns the checkout.
NOVCS   := -buildvcs=false
BUILD   := $(NOVCS) -ldflags '-X main.version=$(VERSION)'
TOOLS   := $(CURDIR)/bin/tools
DEMO    := demo

# Where concurrency lives. The decoder and the kernels are serial and in C, where the race detector sees nothing and costs a tenfold.
RACE_PACKAGES := ./cmd/... ./jobs/queue/... ./producer/... ./storage/... ./web/... ./worker ./worker/fetch/... ./worker/serve/... ./worker/supervise/...
FUZZTIME      ?= 10s
COUNT         ?= 1
# Random cuts of each clip in internal/slicing: 4 make more than 150 in all, and every defect is cut besides. SEEDS=200 takes hours.
SEEDS         ?= 4
SLICING       := $(GO) test $(NOVCS) -count=1 -timeout 2h ./internal/slicing -seeds $(SEEDS)
HALF          := ^(TestEveryDetectorInAnyCut|TestFast)$$

# The groups of acceptance cases that are due.
ACCEPT        ?= ../shared/accept/accept.py
ACCEPT_GROUPS := first-light video audio sync loudness packaging real robust

.PHONY: help deps build slim demo demo-once demo-files demo-live live test unit slicing race asan e2e accept accuracy accuracy-short speed lint fuzz bench fleet tools man clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-8s %s\n", $$1, $$2}'

deps: ## install what the build needs (Debian packages, as root or through sudo)
	@deploy/install-deps.sh build

build: deps ## build bin/aircheck
	$(GO) build $(BUILD) -o bin/aircheck ./cmd/aircheck

man: ## write the manual pages into bin/man (needs bin/aircheck)
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)} bin/aircheck man --dir bin/man

slim: ## build bin/aircheck-slim, the client without a decoder (no C, no FFmpeg)
	CGO_ENABLED=0 $(GO) build $(BUILD) -o bin/aircheck-slim ./cmd/aircheck

demo: demo-files ## a damaged ladder and two live channels on a site to look at; prints its address, Ctrl-C ends it
	@deploy/demo.sh bin/aircheck $(DEMO)

demo-once: demo-files ## take the damaged ladder through the whole path in one process, and print its report
	bin/aircheck up --once --fail-on never --data $(DEMO)/data $(DEMO)/media/master.m3u8

demo-files:
	@deploy/install-deps.sh demo
	@$(MAKE) --no-print-directory build
	@deploy/demo-media.sh $(DEMO)/media

demo-live: ## follow a live channel whose picture goes black with a key, or after 30 s
	@deploy/install-deps.sh demo
	@$(MAKE) --no-print-directory build
	@deploy/demo-live.sh bin/aircheck

test: ## install what the tests need and run them all
	@deploy/install-deps.sh test
	@$(MAKE) --no-print-directory tools build slim
	@$(MAKE) --no-print-directory unit slicing race e2e
	@$(MAKE) --no-print-directory accuracy-short
	@if [ -e $(ACCEPT) ]; then $(MAKE) --no-print-directory accept; else echo "accept: no $(ACCEPT) here, left out"; fi

# A test whose tool is missing skips; under AIRCHECK_REQUIRE it fails instead.
unit slicing race asan e2e: export AIRCHECK_REQUIRE := 1
unit slicing race asan e2e: export PATH := $(TOOLS):$(PATH)
unit: export AIRCHECK_ACCEPT := $(if $(wildcard $(ACCEPT)),$(abspath $(ACCEPT)))
e2e: export AIRCHECK_BIN := $(CURDIR)/bin/aircheck

# Most of what runs side by side within a package waits for a server or a browser: hence more than there are cores.
unit: ## unit tests and property tests
	$(GO) test $(NOVCS) -parallel 4 $$($(GO) list $(NOVCS) ./... | grep -vE '/internal/(e2e|slicing)$$')
	CGO_ENABLED=0 $(GO) test $(NOVCS) -parallel 4 ./cmd/aircheck
	for os in windows darwin; do CGO_ENABLED=0 GOOS=$$os $(GO) vet ./cmd/aircheck ./notify ./storage/file; done

# Decoders are tested one at a time in a process, because what they complain about is counted for all of it: two processes, half the tests each.
slicing: ## the same report from SEEDS (4) random cuts of each clip; SEEDS=200 takes a while
	$(SLICING) -run '$(HALF)' & half=$$!; status=0; $(SLICING) -skip '$(HALF)' || status=$$?; wait $$half || status=$$?; exit $$status

race: ## the packages where concurrency lives, under the race detector
	$(GO) test $(NOVCS) -race -short -parallel 4 $(RACE_PACKAGES)

asan: ## the C of kernels and decoding under the address sanitizer: the race detector does not see it
	$(GO) test $(NOVCS) -asan ./worker/measure ./worker/decode

e2e: tools build ## a real Redis, a real S3 server, two workers, one of them killed
	$(GO) test $(NOVCS) -count=1 -timeout 15m ./internal/e2e/...

live: build ## 200 live streams for four minutes with two producers, of which one is killed, and two workers; prints latencies
	AIRCHECK_REQUIRE=1 AIRCHECK_BIN=$(CURDIR)/bin/aircheck $(GO) test $(NOVCS) -count=1 -timeout 30m -v -run 'TestLive$$' ./internal/e2e -live.streams 200 -live.time 4m -live.window 10s

accept: build ## the black-box acceptance cases that are due
	python3 $(ACCEPT) --bin bin/aircheck --disputed .ci/accept-disputed $(foreach g,$(ACCEPT_GROUPS),--group $(g))

# Clips are kept in bin/accuracy: only the first run makes them. UPDATE=1 writes the figures that later runs have to reach.
accuracy: export AIRCHECK_MEDIA ?= $(wildcard ../shared/media)
accuracy: build ## precision, recall and false alarms on real and drawn clips, into docs/ACCURACY.md (half an hour; UPDATE=1 sets the baseline)
	bin/aircheck bench accuracy --work bin/accuracy --baseline docs/accuracy.json --table docs/ACCURACY.md --notes bin/accuracy/notes.md $(if $(UPDATE),--update)
	$(if $(UPDATE),$(GO) test $(NOVCS) ./judge -run TestDetectorsDoc -update)

accuracy-short: build
	bin/aircheck bench accuracy --short --work bin/accuracy --baseline docs/accuracy.json --notes bin/accuracy/notes-short.md $(if $(UPDATE),--update)

lint: $(TOOLS)/golangci-lint ## golangci-lint, built from its own module file (three minutes, once)
	$(TOOLS)/golangci-lint run ./...

# Making interesting inputs small takes a minute each by default, which is all the time there is. A target that fails leaves the others to run; what failed lies in its testdata/fuzz and is named again in the end.
fuzz: ## every fuzz target for FUZZTIME (10s)
	@failed=(); while read -r dir; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go 2>/dev/null | cut -d' ' -f2); do \
			echo "$$dir $$target"; (cd "$$dir" && $(GO) test $(NOVCS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x .) || failed+=("$$dir $$target"); \
		done; \
	done < <($(GO) list $(NOVCS) -f '{{.Dir}}' ./...); \
	if [ $${#failed[@]} -gt 0 ]; then printf 'failed: %s\n' "$${failed[@]}"; exit 1; fi

bench: ## Go benchmarks, for benchstat with COUNT=6; with the shared scripts, the cost against decoding alone too
	$(GO) test $(NOVCS) -run '^$$' -bench . -benchmem -count $(COUNT) ./...
	@if [ -e $(dir $(ACCEPT))speed.py ]; then $(MAKE) --no-print-directory speed; fi

speed: build
	python3 $(dir $(ACCEPT))speed.py --bin bin/aircheck --rounds 5

fleet: tools build ## the fleet on this machine: Redis, an S3 server, producer, two workers, web (Procfile)
	@deploy/install-deps.sh test
	PATH=$(TOOLS):$$PATH $(TOOLS)/hivemind Procfile

tools: $(TOOLS)/hivemind $(TOOLS)/versitygw $(TOOLS)/parquetcat ## build the pinned tools into bin/tools (once)

# Tools have module files of their own, so that what they need stays out of ours. $(1) is the directory of go.mod, $(2) the package.
build_tool = @echo "tools: building $(@F) (once)"; cd $(1) && CGO_ENABLED=0 $(GO) build $(NOVCS) -trimpath -ldflags '-s -w' -o $@ $(2) && touch $@

$(TOOLS)/hivemind: tools/go.mod
	$(call build_tool,tools,github.com/DarthSim/hivemind)

$(TOOLS)/versitygw: tools/go.mod
	$(call build_tool,tools,github.com/versity/versitygw/cmd/versitygw)

$(TOOLS)/parquetcat: tools/parquetcat/main.go tools/parquetcat/go.mod
	$(call build_tool,tools/parquetcat,.)

$(TOOLS)/golangci-lint: tools/lint/go.mod
	$(call build_tool,tools/lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

clean: ## remove what was built and made, but not the tools
	rm -rf bin/aircheck bin/aircheck-slim $(DEMO) data
