#!/bin/sh
# Measures and prints the table; `--quick` takes about a minute, `--only describe,start` only those. Builds what it measures.
# Both packages in one go: built apart they would need some of their dependencies twice.
set -eu
cd "$(dirname "$0")/.."
"${CARGO:-cargo}" build --release -p bench -p cinnabar
exec "${CARGO_TARGET_DIR:-target}/release/bench" "$@"
