#!/bin/sh
# Makes FOLDER/run, the driver of this folder's Go SDK: sh install.sh FOLDER
set -eu
command -v go >/dev/null || { echo "there is no go" >&2; exit 1; }
cd "$(dirname "$0")"
GOFLAGS=-mod=readonly go build -buildvcs=false -o "$1/run" .
