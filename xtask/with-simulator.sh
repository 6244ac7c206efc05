#!/usr/bin/env bash
# Runs a command against a fresh simulated WhatsApp on a free port, then stops it. The command finds it by SIMULATOR_URL,
# its control by SIMULATOR_CONTROL; SIMULATOR_TOKEN is the only token that it takes, and SIMULATOR_SECRET signs its webhooks.
set -euo pipefail
cd "$(dirname "$0")/.."

export SIMULATOR_TOKEN=token-of-the-business SIMULATOR_SECRET=secret-of-the-app
folder=$(mktemp -d)
: >"$folder/log"
binary=${MEDIARY_BINARY:-target/debug/mediary}
"$binary" simulate --listen 127.0.0.1:0 --access-token-env SIMULATOR_TOKEN --app-secret-env SIMULATOR_SECRET \
    >"$folder/log" 2>&1 &
simulator=$!
stop() {
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT

# It prints both once it listens.
for _ in $(seq 100); do
    if grep -q "controlled at" "$folder/log"; then break; fi
    if ! kill -0 "$simulator" 2>/dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
SIMULATOR_URL=$(sed -n 's/.* listens on //p' "$folder/log")
SIMULATOR_CONTROL=$(sed -n 's/.* controlled at \([^ ]*\).*/\1/p' "$folder/log")
if [[ -z $SIMULATOR_CONTROL ]]; then
    echo "the simulator did not get ready within 10 s:" >&2
    cat "$folder/log" >&2
    exit 1
fi
export SIMULATOR_URL SIMULATOR_CONTROL
if ! "$@"; then
    tail -n 50 "$folder/log" >&2
    exit 1
fi
