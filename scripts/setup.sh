#!/bin/sh
# Looks for what the project needs, and installs a missing Redis server by the machine's package manager after saying so.
set -eu

have() {
    command -v "$1" >/dev/null 2>&1
}

fail() {
    echo "setup: $1" >&2
    exit 1
}

have cargo || fail 'there is no cargo: install Rust 1.90 or newer from https://rustup.rs'
have cc || fail 'there is no C compiler, which the embedded SQLite needs: install gcc or clang (Debian: apt-get install build-essential)'

# The tests and the demo use the client too, which is in the same package or beside it.
if { have redis-server && have redis-cli; } || { have valkey-server && have valkey-cli; }; then
    exit 0
fi

if have apt-get; then
    install='apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server redis-tools'
elif have dnf; then
    install='dnf install -y redis || dnf install -y valkey'
elif have apk; then
    install='apk add redis'
elif have pacman; then
    install='pacman -Sy --noconfirm valkey || pacman -Sy --noconfirm redis'
elif have brew; then
    install='brew install redis'
else
    fail 'there is no redis-server (or valkey-server) and no package manager that this script knows: install Redis 6.2 or newer'
fi

as_root=
if [ "$(id -u)" -ne 0 ] && ! have brew; then
    have sudo || fail "there is no redis-server; as root, run: $install"
    as_root=sudo
fi

echo "There is no redis-server with its redis-cli on this machine. Installing it${as_root:+ by $as_root} with: $install"
$as_root sh -c "$install" </dev/null || fail "the installation failed: install Redis 6.2 or newer by hand"

# Debian's package starts a service of its own at once. It is not needed, and it holds port 6379.
if have apt-get && have systemctl && systemctl is-active --quiet redis-server 2>/dev/null; then
    echo 'Stopping the service that the package has just started, since it holds port 6379: systemctl disable --now redis-server'
    $as_root systemctl disable --now redis-server || true
elif have apt-get && have service; then
    $as_root service redis-server stop >/dev/null 2>&1 || true
fi
