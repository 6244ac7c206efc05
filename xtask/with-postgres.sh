#!/usr/bin/env bash
# Runs a command with a Postgres of its own: xtask/with-postgres.sh cargo test --workspace
#
# The server listens on a free port of 127.0.0.1, keeps everything in one new folder, and is gone with it when the
# command ends, however it ends. The command finds it in MEDIARY_TEST_POSTGRES; tests make their own databases there.
# PGTEST_FSYNC=off makes it faster and unsafe.
set -euo pipefail

if [ $# -eq 0 ]; then
    echo "usage: $0 COMMAND [ARGUMENT…]" >&2
    exit 2
fi

bin=
for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
    "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
        bin=$folder
        break
    fi
done
if [ -z "$bin" ]; then
    echo "Postgres is not installed: no initdb under /usr/lib/postgresql or in the PATH." >&2
    echo "On Debian and Ubuntu: apt-get install postgresql" >&2
    exit 1
fi

# Postgres refuses to run as root.
as_owner=()
if [ "$(id -u)" -eq 0 ]; then
    as_owner=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/mediary-postgres.XXXXXX")
server=
stop() {
    trap - EXIT INT TERM HUP
    if [ -n "$server" ]; then
        # At once: nobody needs this data any more.
        kill -QUIT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ "$(id -u)" -eq 0 ]; then
    chown postgres:postgres "$folder"
fi
cd "$folder"
"${as_owner[@]}" "$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }

# The kernel gives a free port; should another program take it in between, the next one is tried.
for attempt in 1 2 3 4 5; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "${as_owner[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c "fsync=${PGTEST_FSYNC:-on}" -c max_connections=200 \
        -c shared_buffers=128MB >"$folder/server.log" 2>&1 &
    server=$!
    for _ in $(seq 1 300); do
        if "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; then
            break 2
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    kill -QUIT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
done
if [ -z "$server" ]; then
    cat "$folder/server.log" >&2
    exit 1
fi

cd "$OLDPWD"
export MEDIARY_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
status=0
"$@" || status=$?
exit "$status"
