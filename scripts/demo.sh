#!/bin/sh
# The whole story on this machine: a server, an instance with a replica, keys, a purge followed to its end, and nothing left.
# Runs the binary in target/debug; `make demo` builds it.
set -eu

keys=1000
password=Demo-Passw0rd
cinnabar=$(cd "$(dirname "$0")/.." && pwd)/target/debug/cinnabar
[ -z "${CARGO_TARGET_DIR:-}" ] || cinnabar=$CARGO_TARGET_DIR/debug/cinnabar
cli=$(command -v redis-cli || command -v valkey-cli)
folder=$(cd "$(mktemp -d)" && pwd -P)
# An address of its own where there is more than one: the port 6379 is free there.
address=127.0.0.1
[ "$(uname)" != Linux ] || address=127.$(($$ / 62500 % 60 + 10)).$(($$ / 250 % 250)).$(($$ % 250 + 1))
server=
pids=

say() {
    printf '\n== %s\n' "$1"
}

fail() {
    echo "demo: $1" >&2
    exit 1
}

# The instances' processes: those that wrote their pid down, and (on Linux) those that work in the folder.
nodes() {
    cat "$folder"/data/instances/*/*/node.pid 2>/dev/null || true
    # shellcheck disable=SC2012
    ls -l /proc/[0-9]*/cwd 2>/dev/null | sed -n "s|.*/proc/\([0-9]*\)/cwd -> $folder/.*|\1|p"
}

# Those of the given processes that still run; a zombie, which waits for its parent's look, does not.
running() {
    for pid in "$@"; do
        if kill -0 "$pid" 2>/dev/null && ! grep -qs '^State:.*Z' "/proc/$pid/status"; then echo "$pid"; fi
    done
}

# Ends what was started, in whatever state the demo is.
clean() {
    trap '' INT TERM HUP
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    tries=0
    # shellcheck disable=SC2046,SC2086
    while left=$(running $pids $(nodes)) && [ -n "$left" ] && [ "$tries" -lt 100 ]; do
        kill $left 2>/dev/null || true
        sleep 0.1
        tries=$((tries + 1))
    done
}

finish() {
    status=$?
    trap - EXIT
    clean
    [ "$status" -eq 0 ] || sed 's/^/server: /' "$folder/log" >&2
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

call() {
    "$cinnabar" call "$@"
}

# A member's value in an answer on stdin.
member() {
    sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1
}

redis() {
    REDISCLI_AUTH=$password "$cli" -h "$host" -p "$@"
}

# Reads no more than this demo's own settings.
unset CINNABAR_ENDPOINT CINNABAR_SECRET_ID CINNABAR_SECRET_KEY TENCENTCLOUD_SECRET_ID TENCENTCLOUD_SECRET_KEY TENCENTCLOUD_REGION
export CINNABAR_DATA="$folder/data" CINNABAR_NETWORK_ADDRESSES="$address"

say 'A server on a free port'
"$cinnabar" serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$folder/ready" 2>"$folder/log" &
server=$!
pids=$server
while [ ! -s "$folder/ready" ]; do
    [ -n "$(running "$server")" ] || fail 'the server did not start'
    sleep 0.05
done
cat "$folder/ready"

say 'CreateInstances: one instance with one replica'
made=$(call CreateInstances TypeId=15 ZoneId=100003 MemSize=1024 RedisShardNum=1 RedisReplicasNum=1 \
    GoodsNum=1 BillingMode=0 Period=1 InstanceName=demo Password="$password")
id=$(printf '%s\n' "$made" | grep -o 'crs-[a-z0-9]*' | head -n 1)
task=$("$cinnabar" task list --instance "$id" | awk 'NR == 2 { print $1 }')
"$cinnabar" task wait "$task" --timeout 120
pids="$pids $(nodes)"
"$cinnabar" instance list

described=$(call DescribeInstances InstanceId="$id")
host=$(printf '%s\n' "$described" | member WanIp)
master=$(printf '%s\n' "$described" | member Port)
replica=$(redis "$master" info replication | sed -n 's/^slave0:.*port=\([0-9]*\).*/\1/p')

say "$keys keys, written with $(basename "$cli")"
awk -v n="$keys" 'BEGIN { for (i = 0; i < n; i++) print "SET key:" i " value" }' | redis "$master" >/dev/null
redis "$master" wait 1 10000 >/dev/null
echo "DBSIZE on the master ($host:$master): $(redis "$master" dbsize); on the replica ($host:$replica): $(redis "$replica" dbsize)"
[ "$(redis "$master" dbsize)" -eq "$keys" ] || fail 'the keys are not there'

say 'ClearInstance, followed to its end'
task=$(call ClearInstance InstanceId="$id" Password="$password" | member TaskId)
"$cinnabar" task wait "$task" --timeout 120
answer=$(call DescribeTaskInfo TaskId="$task")
on_master=$(redis "$master" dbsize)
on_replica=$(redis "$replica" dbsize)
echo "DBSIZE on the master: $on_master; on the replica: $on_replica"
[ "$on_master" -eq 0 ] && [ "$on_replica" -eq 0 ] || fail 'the instance is not empty'

say 'DestroyPostpaidInstance and CleanUpInstance'
"$cinnabar" task wait "$(call DestroyPostpaidInstance InstanceId="$id" | member TaskId)" --timeout 120
"$cinnabar" task wait "$(call CleanUpInstance InstanceId="$id" | member TaskId)" --timeout 120
[ -z "$(ls "$folder/data/instances")" ] || fail 'a folder of the instance is left'

say 'The end of the server'
clean
server=
[ -z "$left" ] || fail "still running: $left"
echo 'Nothing is left running.'

say 'What DescribeTaskInfo answered about the purge'
printf '{\n"Response": %s\n}\n' "$answer" | sed 's/^ *//'
