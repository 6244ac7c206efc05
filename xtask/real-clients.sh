#!/usr/bin/env bash
# Drives `mediary simulate` with WhatsApp clients that others wrote, each as it is published and against a simulator of its
# own: files uploaded, sent, fetched and deleted, messages read, webhooks taken. Installs the clients first.
set -euo pipefail
cd "$(dirname "$0")/.."

tests=xtask/real-clients
venv=target/real-clients/$(sha256sum "$tests/requirements.txt" | cut -c 1-16)
if [[ ! -x $venv/bin/python ]]; then
    rm -rf target/real-clients
    python3 -m venv "$venv.new"
    "$venv.new/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --requirement "$tests/requirements.txt"
    mv "$venv.new" "$venv"
fi
npm --prefix "$tests" ci

# Some seconds each; the limit is for a client or a simulator that hangs.
against_a_simulator=(timeout --kill-after=10 120 xtask/with-simulator.sh)
for client in kapso whatsapp-api-js great-detail; do
    "${against_a_simulator[@]}" node --test --test-reporter=spec "$tests/$client.test.mjs"
done
PYTHONDONTWRITEBYTECODE=1 "${against_a_simulator[@]}" "$venv/bin/python" "$tests/test_pywa.py"
