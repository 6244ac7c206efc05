#!/usr/bin/env bash
# All tests: formatter and lints, the Rust suite on SQLite and Postgres, the inbox by itself, the inbox in Chromium
# against a demo, its viewers in the page of a foreign CRM, the API's document against what a demo answers, and the simulated WhatsApp against clients of others.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
cargo clippy --locked --workspace --all-targets --features mediary/faults -- --deny warnings
xtask/with-postgres.sh cargo test --locked --workspace --features mediary/faults --no-fail-fast

(cd web && npm ci --no-audit --no-fund && npm run check && npm test)

cargo build --locked --package mediary --features mediary/faults
xtask/with-demo.sh npm --prefix web run e2e
xtask/with-demo.sh xtask/api-contract.sh
xtask/real-clients.sh
