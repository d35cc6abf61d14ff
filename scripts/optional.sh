#!/bin/sh
# Runs `cargo TOOL …` where the tool is installed, and says so where it is not.
set -eu

if command -v "cargo-$1" >/dev/null 2>&1; then
    exec cargo "$@"
fi
echo "cargo $1: not installed, skipped (cargo install cargo-$1)"
