#!/usr/bin/env bash
# Runs a command against a fresh demo on a free port, then stops the demo and removes what it wrote.
# Of the demo's day only the past is played, so that nothing moves but what the command itself moves.
# The command finds it by MEDIARY_URL, MEDIARY_EMAIL and MEDIARY_PASSWORD, and the control of the simulated WhatsApp
# by MEDIARY_CONTROL.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
binary=${MEDIARY_BINARY:-target/debug/mediary}
"$binary" demo --listen 127.0.0.1:0 --data-dir "$folder/data" --speed 0 >"$folder/log" 2>&1 &
demo=$!
stop() {
    kill "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT

# The demo prints these three once it is ready.
value() { sed -n "s/^ *$1: *//p" "$folder/log" | head -n 1; }
for _ in $(seq 300); do
    if [[ -n $(value Password) ]]; then break; fi
    if ! kill -0 "$demo" 2>/dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
MEDIARY_CONTROL=$(sed -n 's/.* controlled at //p' "$folder/log" | head -n 1)
MEDIARY_URL=$(value Address) MEDIARY_EMAIL=$(value E-mail) MEDIARY_PASSWORD=$(value Password)
if [[ -z $MEDIARY_PASSWORD ]]; then
    echo "the demo did not get ready within 30 s:" >&2
    cat "$folder/log" >&2
    exit 1
fi
export MEDIARY_URL MEDIARY_EMAIL MEDIARY_PASSWORD MEDIARY_CONTROL
# What the command said last stands below the long log of the demo, where people look first.
if ! "$@" 2>&1 | tee "$folder/output"; then
    tail -n 50 "$folder/log" >&2
    echo "--- the demo's log ends here; the command ended with:" >&2
    tail -n 60 "$folder/output" >&2
    exit 1
fi
