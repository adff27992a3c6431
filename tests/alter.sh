# alter FILE AT: one bit of one byte of a file is another one, whatever the byte was
#
# shellcheck shell=bash
alter() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf '%b' "\\0$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
