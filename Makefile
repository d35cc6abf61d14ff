# run · demo · test · check · bench. `make setup` says what is missing on this machine and installs the Redis server.

CARGO ?= cargo

.PHONY: run demo test check bench fuzz setup

run: setup
	$(CARGO) run --release -p cinnabar -- serve

# A debug build is there sooner, and the demo does not measure anything.
demo: setup
	$(CARGO) build -p cinnabar
	sh scripts/demo.sh

# The suites that use the state run twice: with SQLite, and with a throw-away PostgreSQL where one is installed.
test: setup
	$(CARGO) test --workspace
	@sh scripts/postgres.sh try $(CARGO) test -p db -p engine -p server -p cinnabar
	@if [ -f conformance/run.sh ]; then sh conformance/run.sh; else echo 'conformance/run.sh is not there: skipped'; fi

check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps
	$(CARGO) test -p server --test it structure
	@sh scripts/optional.sh deny check
	@sh scripts/optional.sh machete

bench: setup
	sh bench/run.sh

# Each target for so many seconds; needs `cargo install cargo-fuzz` and a nightly toolchain.
FUZZ_SECONDS ?= 600
fuzz:
	cd fuzz && for target in tc3 v1 flat json policy; do \
	    $(CARGO) +nightly fuzz run -s none $$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 || exit 1; \
	done

setup:
	@sh scripts/setup.sh
