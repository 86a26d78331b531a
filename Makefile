# Everything is set up by "make up" and checked by "make test". Needs npm, which "make up" installs for root on Debian.

SHELL := /bin/sh
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

SOURCES := $(shell find apps packages tools -name node_modules -prune -o \( -name '*.ts' -o -name '*.json' \) -print 2>/dev/null)

.PHONY: help up build test test-upstream bench conformance lint clean install test-packages upstream

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

up: build ## Install what is missing, build, start Sampan and a sample application
	@./sampan doctor --needed
	@./sampan up

build: dist/.built ## Build without starting

dist/.built: node_modules/.installed-lock build/api-descriptions.json $(SOURCES)
	@node tools/build.ts
	@touch $@

build/api-descriptions.json: tools/schema/descriptions.ts node_modules/.installed-lock
	@node tools/schema/descriptions.ts

# Compared by content: a checkout sets the time of the lock file, too.
install: node_modules/.installed-lock

node_modules/.installed-lock: package-lock.json
	@sh tools/install.sh

lint: node_modules/.installed-lock ## Check formatting and lint
	@biome check .

test: build ## Everything that CI runs
	@node tools/ci/test.ts

test-upstream: build ## Record upstream's answers afresh, and compare
	@node tools/ci/test-upstream.ts

bench: build ## Measure against upstream
	@node bench/apiserver.ts
	@node bench/scheduler.ts
	@node bench/pods.ts
	@node bench/clusters.ts
	@node bench/hub.ts

conformance: install ## Upstream's conformance tests against Sampan, up to an hour (FOCUS=..., NODES=..., MINUTES=...); as root
	@FOCUS='$(FOCUS)' NODES='$(NODES)' MINUTES='$(MINUTES)' node tools/conformance/main.ts

clean: ## Remove what was built; homes stay
	rm -rf dist build
