#!/usr/bin/env bash
# Puts the faults of xtask/mutants into a copy of the committed sources, one by one, and runs the test that must see each:
#
#   xtask/mutants.sh [NAME…]
#
# Prints a table. Fails if a mutant survives, or if one no longer applies or builds.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$root/target/mutants/copy
logs=$root/target/mutants/logs
cargo=${CARGO:-cargo}
# A folder of their own: cargo takes the copy for the sources themselves, and would hand out the one's results as the other's.
export CARGO_TARGET_DIR=$root/target/mutants/target
export MEDIARY_UI=${MEDIARY_UI:-skip}

mkdir -p "$logs"
git worktree remove --force "$copy" 2>/dev/null || true
git worktree prune
git worktree add --quiet --detach "$copy" HEAD
trap 'git -C "$root" worktree remove --force "$copy"' EXIT

patches=()
for name in "$@"; do
    patch=$root/xtask/mutants/$name.patch
    [[ -f $patch ]] || { echo "there is no mutant $name; xtask/mutants has them" >&2; exit 2; }
    patches+=("$patch")
done
# Those of one crate one after the other: each builds that crate and what stands on it, and nothing else.
((${#patches[@]})) || mapfile -t patches < <(grep -H '^+++ ' xtask/mutants/*.patch | sort -t: -k2 | sed "s|^|$root/|; s|:.*||")

# Whether the test fails for the fault: `result`, `building` and `looking` (seconds).
try() { # patch
    local test log
    test=$(sed -n 's/^Test: //p' "$1" | sed "s|cargo test|$cargo test|")
    log=$logs/$(basename "$1" .patch).log
    building=0 looking=0
    git apply -C1 "$1" 2>"$log" || { result="DOES NOT APPLY"; return; }
    SECONDS=0
    bash -c "${test/ test / test --no-run }" >"$log" 2>&1 || { result="DOES NOT BUILD"; return; }
    building=$SECONDS SECONDS=0
    if bash -c "$test" >"$log" 2>&1; then result=SURVIVES; else result=caught; fi
    looking=$SECONDS
    grep -qE '^test result: .* [1-9][0-9]* (passed|failed)' "$log" || result="NO TEST RAN"
}

cd "$copy"
failed=0
printf '%-30s %-15s %8s %8s  %s\n' mutant result building testing 'caught by'
for patch in "${patches[@]}"; do
    try "$patch"
    [[ $result == caught ]] || failed=1
    git checkout --quiet -- .
    printf '%-30s %-15s %7ds %7ds  %s\n' "$(basename "$patch" .patch)" "$result" "$building" "$looking" \
        "$(sed -n 's/^Test: .* //p' "$patch")"
done
exit $failed
