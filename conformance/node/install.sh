#!/bin/sh
# Makes FOLDER/run, the driver of the Node SDK: sh node/install.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
command -v node >/dev/null && command -v npm >/dev/null || { echo "there is no node with npm" >&2; exit 1; }
cp "$here/package.json" "$here/package-lock.json" "$here/driver.mjs" "$1"
npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --silent >&2
printf '#!/bin/sh\nexec node "%s/driver.mjs"\n' "$1" >"$1/run"
chmod +x "$1/run"
