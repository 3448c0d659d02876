# Everything that is installed goes into .venv, everything that is compiled into target: one profile (release) and one
# target folder, so that HDF5 is compiled once.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help quickstart test test-rust test-examples test-python test-notebooks test-without-hdf5 \
	test-lapack python lint format docs bench setup clean

VENV := $(CURDIR)/.venv
# The same for every call of cargo, maturin's included: a change of one of these would compile dependencies again.
export VIRTUAL_ENV := $(VENV)
export CMAKE := $(VENV)/bin/cmake
export PYO3_PYTHON := $(VENV)/bin/python
export CARGO_TARGET_DIR ?= $(CURDIR)/target
export PATH := $(VENV)/bin:$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
# Property tests try the same cases in every run; a run with another seed looks for new ones.
export PROPTEST_RNG_SEED ?= 1
# Notebooks and examples read it and take sizes that run in seconds.
export SOBOLEV_SMALL ?= 1

RUST_SOURCES := Cargo.toml Cargo.lock crates examples data docs README.md
ONCE := .ci/once

help:  ## Say what can be made.
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-16s%s\n", $$1, $$2}'

quickstart:  ## From a PDE to a trained surrogate and a picture, in one command.
	@.ci/setup build
	SOBOLEV_SMALL= cargo run --release -p sobolev --bin sobolev -- quickstart

test: test-rust test-examples test-python test-notebooks  ## Run all tests; what is unchanged since it passed is skipped (FORCE=1 runs it).

test-rust: setup  ## Run the Rust tests, those in the documentation included.
	@$(ONCE) rust-tests $(RUST_SOURCES) -- cargo test --release --workspace --exclude sobolev-python

test-examples: setup  ## Run the Rust examples at small size.
	@shopt -s nullglob; for file in examples/*.rs; do \
		name=$$(basename "$$file" .rs); \
		$(ONCE) "example-$$name" $(RUST_SOURCES) -- cargo run --release --quiet --example "$$name" || exit 1; \
	done

test-python: python  ## Run the Python tests and compare the type stubs with the native module.
	@$(ONCE) python-tests $(RUST_SOURCES) python -- python -m pytest python/tests
	@$(ONCE) python-types $(RUST_SOURCES) python -- python -m mypy --config-file python/pyproject.toml python/sobolev
	@$(ONCE) python-stubs $(RUST_SOURCES) python -- python -m mypy.stubtest sobolev._core

test-notebooks: python  ## Execute the notebooks at small size, without touching the files.
	@shopt -s nullglob; for file in notebooks/*.ipynb; do \
		name=$$(basename "$$file" .ipynb); \
		$(ONCE) "notebook-$$name" $(RUST_SOURCES) python "$$file" -- jupyter execute --kernel_name=python3 --timeout=600 "$$file" || exit 1; \
	done

test-without-hdf5: setup  ## Build and test the facade and the data crate without HDF5 and the command line.
	cargo test --release -p sobolev -p sobolev-data --no-default-features

test-lapack: setup  ## Compare LAPACK's factorisations with faer's; needs libopenblas-dev.
	cargo test --release -p sobolev-tensor --features lapack

python: setup  ## Build the Python package into .venv; Python files stay editable.
	@python -c 'import sobolev' 2>/dev/null || rm -f .venv/passed/python-module
	@$(ONCE) python-module Cargo.toml Cargo.lock crates python/src python/Cargo.toml python/pyproject.toml -- \
		maturin develop --release --manifest-path python/Cargo.toml

lint: setup  ## Check formatting and lints.
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	cargo clippy --release -p sobolev --no-default-features --all-targets -- -D warnings

format:  ## Format the Rust code.
	cargo fmt --all

docs: setup  ## Build the documentation; warnings are errors.
	RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --workspace

bench:  ## Measure this machine, a training step and the Darcy solver.
	@.ci/setup build
	cargo build --release -p sobolev --bin sobolev
	cargo run --release --quiet -p sobolev --bin sobolev -- bench machine
	cargo run --release --quiet -p sobolev --bin sobolev -- bench fno --dim 2 --grid 85 --modes 12 --width 32 --batch 20 --threads 2
	cargo run --release --quiet -p sobolev --bin sobolev -- bench darcy --grid 421

setup:  ## Bring what building and testing need into .venv.
	@.ci/setup dev

clean:  ## Remove what was compiled and what was remembered of passed tests; .venv stays.
	cargo clean
	rm -rf "$(VENV)/passed"
