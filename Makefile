# The project's own commands. Each installs what it needs and can be run again at any time.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help demo test mutants soak bench check

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## Build everything and run a Mediary with a simulated WhatsApp
	@xtask/install.sh build demo
	cargo build --release --locked --package mediary
	target/release/mediary demo

test: ## Install what the tests need and run them all
	@xtask/install.sh build test
	xtask/test.sh

mutants: ## Take out one protection after the other, and see that a test notices
	@xtask/install.sh build test
	xtask/mutants.sh

soak: ## Kill, hang and cut off nodes of a cluster for a long time; many random histories; plans on ten million rows, times on two
	@xtask/install.sh build test
	xtask/with-postgres.sh cargo test --locked --package mediary --features mediary/faults -- --ignored soak
	PGTEST_FSYNC=off xtask/with-postgres.sh cargo test --locked --package mediary-store -- --ignored million

bench: ## Measure Mediary beside its anchors and write bench/README.md
	@xtask/install.sh build bench
	cargo build --release --locked --package mediary --package mediary-bench --package mediary-test-s3
	python3 bench/run.py

check: ## Formatter, lints, crate arrows, dependency rules
	@xtask/install.sh build
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --features mediary/faults -- --deny warnings
	cargo test --locked --package xtask
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: dependency rules were not checked"; fi
	cd web && npm ci && npm run check
