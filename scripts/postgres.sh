#!/bin/sh
# A throw-away PostgreSQL for tests.
#
#   postgres.sh run COMMAND…    starts one, runs COMMAND with CINNABAR_TEST_DATABASE_URL set, removes it; COMMAND's exit status
#   postgres.sh try COMMAND…    the same where PostgreSQL is installed, else says so and does nothing
#   postgres.sh make DIR        makes one in DIR, which must not exist, and starts it; prints its URL
#   postgres.sh stop DIR        stops it as a crash would (immediate); postgres.sh start DIR starts it again
#   postgres.sh tls DIR PORT    has it listen on 127.0.0.1:PORT too, to TLS alone, with DIR/cert.pem and DIR/key.pem; only `locked` comes in there
#   postgres.sh remove DIR      stops it and removes DIR
#
# It listens on a socket in DIR alone, and only its user and root come to it there, unless it is told otherwise. All writes reach the disk (fsync is on). The user `locked` needs
# the password `r1ght-pa55`. PostgreSQL does not run as root: then its processes belong to the user `postgres`, or `nobody`.
set -eu

fail() {
    echo "postgres.sh: $1" >&2
    exit 1
}

# The programs are not on the path of Debian.
bin=
for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) $(dirname "$(command -v initdb || echo /none/)"); do
    if [ -x "$folder/initdb" ]; then
        bin=$folder
        break
    fi
done
if [ -z "$bin" ]; then
    [ "${1-}" != try ] || { echo 'PostgreSQL is not installed: skipped (Debian: apt-get install postgresql)'; exit 0; }
    fail 'there is no PostgreSQL server: install it (Debian: apt-get install postgresql)'
fi

as_user() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        user=postgres
        id "$user" >/dev/null 2>&1 || user=nobody
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env HOME=/ "$@"
    fi
}

start() {
    as_user "$bin/pg_ctl" --silent -D "$1/data" -l "$1/log" -w -t 60 start >&2 || {
        cat "$1/log" >&2
        fail 'PostgreSQL did not start'
    }
}

stop() {
    as_user "$bin/pg_ctl" --silent -D "$1/data" -m immediate -w stop >&2 || true
}

make() {
    mkdir "$1"
    if [ "$(id -u)" -eq 0 ]; then
        chown "$(id -u postgres 2>/dev/null || id -u nobody)" "$1"
    fi
    chmod 0700 "$1"
    as_user "$bin/initdb" -D "$1/data" -U cinnabar --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$1'"
        echo 'max_connections = 400'
        echo 'shared_buffers = 64MB'
    } >>"$1/data/postgresql.conf"
    printf 'local all locked scram-sha-256\nlocal all all trust\n' >"$1/data/pg_hba.conf"
    start "$1"
    as_user "$bin/psql" -q -h "$1" -U cinnabar -d postgres -c "CREATE USER locked SUPERUSER PASSWORD 'r1ght-pa55'" >&2
    echo "postgres://cinnabar@$(printf '%s' "$1" | sed 's|/|%2F|g')/postgres"
}

tls() {
    for name in cert key; do
        as_user sh -c "umask 077; cat >'$1/data/$name.pem'" <"$1/$name.pem"
    done
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "port = $2"
        echo 'ssl = on'
        echo "ssl_cert_file = 'cert.pem'"
        echo "ssl_key_file = 'key.pem'"
    } >>"$1/data/postgresql.conf"
    echo 'hostssl all locked 127.0.0.1/32 scram-sha-256' >>"$1/data/pg_hba.conf"
    stop "$1"
    start "$1"
}

remove() {
    [ -d "$1" ] || return 0
    stop "$1"
    rm -rf "$1"
}

case "${1-}" in
    make | start | stop | remove)
        [ $# -eq 2 ] || fail "usage: postgres.sh $1 DIR"
        "$1" "$2"
        ;;
    tls)
        [ $# -eq 3 ] || fail 'usage: postgres.sh tls DIR PORT'
        tls "$2" "$3"
        ;;
    run | try)
        shift
        # In memory where there is room: then an fsync costs nothing, and the suites are about behaviour.
        place=/tmp
        if [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -gt 2000000 ] 2>/dev/null; then place=/dev/shm; fi
        folder=$(mktemp -u "$place/pg-XXXXXX")
        trap 'remove "$folder"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        CINNABAR_TEST_DATABASE_URL=$(make "$folder")
        export CINNABAR_TEST_DATABASE_URL
        status=0
        "$@" || status=$?
        exit "$status"
        ;;
    *) fail 'usage: postgres.sh run COMMAND… | make DIR | stop DIR | start DIR | tls DIR PORT | remove DIR' ;;
esac
