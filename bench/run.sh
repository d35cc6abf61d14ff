#!/bin/sh
# Measures and prints the table; `--quick` takes about a minute, `--only describe,start` only those. Builds what it measures.
set -eu
cd "$(dirname "$0")/.."
exec "${CARGO:-cargo}" run --release --quiet -p bench -- "$@"
