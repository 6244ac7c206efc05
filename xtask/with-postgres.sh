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
stop() {
    trap - EXIT INT TERM HUP
    if [ -f "$folder/data/postmaster.pid" ]; then
        # At once: nobody needs this data any more.
        "${as_owner[@]}" "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$folder/data" || true
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

# A port that another program has is refused, and another one tried.
started=
for _ in $(seq 1 20); do
    port=$((20000 + RANDOM % 10000))
    if "${as_owner[@]}" "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$folder/data" \
        --log="$folder/server.log" --options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=${PGTEST_FSYNC:-on} -c max_connections=200 -c shared_buffers=128MB" >/dev/null 2>&1; then
        started=yes
        break
    fi
done
if [ -z "$started" ]; then
    cat "$folder/server.log" >&2
    exit 1
fi

cd "$OLDPWD"
export MEDIARY_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
status=0
"$@" || status=$?
exit "$status"
