#!/bin/sh
# Runs the client stories against the real binary: sh conformance/run.sh [pytest arguments]
#
# CINNABAR_BINARY=FILE takes that program instead of building one. CI=true turns every reason to skip into a failure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
venv=$target/conformance-venv

skip() {
    if [ "${CI:-}" = true ]; then
        echo "conformance: FAILED: $1" >&2
        exit 1
    fi
    echo "conformance: SKIPPED, no client story was run: $1"
    exit 0
}

command -v python3 >/dev/null || skip "there is no python3; install it, with its venv module"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || skip "python3 is older than 3.10"
command -v redis-server >/dev/null || command -v valkey-server >/dev/null || skip "there is neither redis-server nor valkey-server"

if [ -z "${CINNABAR_BINARY:-}" ]; then
    (cd "$root" && "${CARGO:-cargo}" build --quiet -p cinnabar)
    CINNABAR_BINARY=$target/debug/cinnabar
fi
export CINNABAR_BINARY

# The clients, installed once for each state of requirements.txt and each Python.
wanted=$(echo "$venv" && python3 --version && cat "$here/requirements.txt" "$here/requirements-alone.txt")
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
    echo "conformance: installing the clients of requirements.txt into $venv"
    rm -rf "$venv"
    mkdir -p "$target"
    python3 -m venv "$venv" || skip "python3 cannot make a virtual environment; install its venv module"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --requirement "$here/requirements.txt" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps --requirement "$here/requirements-alone.txt" ||
        skip "pip could not install the clients (see above)"
    printf '%s\n' "$wanted" >"$venv/installed"
fi

# The clients in other languages, each with an install.sh that makes a folder with its driver in it. One that is missing is left out.
drivers=$target/conformance-drivers
for client in node go gocommon java; do
    wanted=$(cd "$here/$client" && echo "$drivers" && cat -- *)
    if [ "$(cat "$drivers/$client/installed" 2>/dev/null)" != "$wanted" ]; then
        echo "conformance: installing the client of $client/ into $drivers/$client"
        rm -rf "${drivers:?}/$client"
        mkdir -p "$drivers/$client"
        if sh "$here/$client/install.sh" "$drivers/$client"; then
            printf '%s\n' "$wanted" >"$drivers/$client/installed"
        else
            rm -rf "${drivers:?}/$client"
            [ "${CI:-}" != true ] || skip "the client of $client/ could not be installed (see above)"
            echo "conformance: SKIPPED, the stories of $client/ (see above)"
        fi
    fi
done
export CINNABAR_DRIVERS="$drivers"

# Everything that the stories write is in here, and every process that they start works in here.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/cinnabar-conformance.XXXXXX")
finish() {
    status=$?
    trap - EXIT INT TERM
    PYTHONPATH=$here "$venv/bin/python" -B -m support.processes "$scratch" || status=1
    rm -rf "$scratch"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export TMPDIR="$scratch" PYTHONPYCACHEPREFIX="$venv/pycache"
cd "$here"
"$venv/bin/python" -m pytest --basetemp "$scratch/pytest" "$@"
