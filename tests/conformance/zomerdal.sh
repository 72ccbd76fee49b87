#!/usr/bin/env bash
# Replay of the town Zomerdal gives the expected lines, byte for byte, twice; and from standard input too.
#   zomerdal.sh VOORDEUR
set -euo pipefail
town=$(cd "$(dirname "$0")/../../deploy/zomerdal" && pwd)
failed=0
same() {
    if cmp -s "$1" "$2"; then echo "ok   $3"; else echo "FAIL $3: $(cmp "$1" "$2" 2>&1)"; failed=$((failed + 1)); fi
}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for round in first second; do
    "$1" replay --config "$town" "$town/signals.jsonl" >"$out"
    same "$town/expected.jsonl" "$out" "signals.jsonl, $round time"
    "$1" replay --config "$town" "$town/year.jsonl" >"$out"
    same "$town/year-expected.jsonl" "$out" "year.jsonl, $round time"
done
"$1" replay --config "$town" - <"$town/year.jsonl" >"$out"
same "$town/year-expected.jsonl" "$out" "year.jsonl from standard input"
[ "$failed" -eq 0 ]
