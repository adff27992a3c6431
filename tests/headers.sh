#!/bin/bash
# tests/headers.sh HEADER... -- COMPILER FLAGS... - each header compiles alone, whatever was
# included before it.  Closes with a line that counts.
set -u
cd "$(dirname "$0")/.." || exit 1

# One header, as whoever includes it first sees it.
if [ "${1:-}" = --one ]; then
	printf '#include "%s"\n' "$2" | "${@:3}" -iquote . -Werror -Wno-pedantic -fsyntax-only -x c - || echo "$2" >&3
	exit
fi

headers=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do headers+=("$1"); shift; done
shift
failed=$(printf '%s\0' "${headers[@]}" | xargs -0 -P "$(nproc)" -I{} tests/headers.sh --one {} "$@" 3>&1 >&2)
[ -z "$failed" ] || printf 'does not compile alone: %s\n' $failed
failed=$(wc -w <<<"$failed")
echo "headers: $((${#headers[@]} - failed)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ ${#headers[@]} -gt 0 ]
