#!/bin/bash
# Goal: docs/REGULATION.md is what the rules in sql/ say, and names no command that there is not.
set -eu -o pipefail
cd "$(dirname "$0")/../.."

fail() { echo "FAILED: $1"; exit 1; }
ok() { echo "ok: $1"; }
made=$(mktemp)
trap 'rm -f "$made"' EXIT

tests/regulation >"$made"
diff -u docs/REGULATION.md "$made" | head -60 || true
cmp -s docs/REGULATION.md "$made" || fail "docs/REGULATION.md is not what the rules say: make regulation"
ok "docs/REGULATION.md is made of the rules"

[ "$(grep -c '^## Article ' "$made")" = 39 ] || fail "39 articles"
help=$("$BUILD/vaultctl" --lang en help)
while read -r command; do
	grep -q "^  $command\b" <<<"$help" || fail "vaultctl $command: there is no such command"
done < <(grep '^Commands: ' "$made" | grep -o 'vaultctl [a-z -]*' | cut -d' ' -f2- | sort -u)
ok "every command that it names is one"
