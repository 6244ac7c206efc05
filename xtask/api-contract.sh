#!/usr/bin/env bash
# Compares what a running Mediary answers with what its API document says: schemathesis with all its checks, over every
# operation, with a fixed seed. Run it within xtask/with-demo.sh. Installs what it needs below target/.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.0
venv=target/api-contract/schemathesis-$version
if [[ ! -x $venv/bin/schemathesis ]]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
# Some two minutes; the limit is for a server that hangs.
exec timeout --kill-after=10 900 "$venv/bin/python" xtask/api-contract/run.py "$@"
