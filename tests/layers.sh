#!/bin/bash
# tests/layers.sh - no include goes upwards or sideways.
#
#   programs   daemon/* tools/*                                 anything below, never one another
#   services   lib/recorder lib/vault lib/catalog lib/tlog
#              lib/package lib/notify                         pure and base, never one another
#   pure       lib/format lib/rules lib/custody
#              lib/sheet lib/report lib/age                    pure and base; no loop, database, device
#   base       lib/base                                         base alone
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

services='recorder vault catalog tlog package notify'
pure='format rules custody sheet report age'
failed=0 files=0

# allowed LAYER-OF-FILE: the folders whose headers it may include
allowed() {
	case " $services " in *" $1 "*) echo "$1 $pure base"; return ;; esac
	case " $pure " in *" $1 "*) echo "$pure base"; return ;; esac
	echo base
}

complain() { echo "layers: $1"; failed=$((failed + 1)); }

while IFS= read -r file; do
	files=$((files + 1))
	folder=${file#lib/}; folder=${folder%%/*}
	may=" $(allowed "$folder") "
	while IFS= read -r include; do
		case $include in
		*/*)	[[ $may == *" ${include%%/*} "* ]] ||
				complain "$file: a file of $folder must not include $include" ;;
		*)	complain "$file: write \"$folder/$include\", the include shows the layer" ;;
		esac
	done < <(sed -n 's/^#include "\(.*\)"$/\1/p' "$file")
	case " $pure base " in *" $folder "*)
		if grep -nE '#include <(uv|libusb|libpq|tsk|systemd)' "$file" >/dev/null; then
			complain "$file: $folder is pure and knows no loop, database or device"
		fi ;;
	esac
done < <(find lib -name '*.[ch]')

while IFS= read -r file; do
	files=$((files + 1))
	program=${file%/*}
	while IFS= read -r include; do
		case $include in
		daemon/*|tools/*|dockd/*|lister/*|custodyd/*|alertd/*|vaultctl/*)
			[[ $program == *"${include%/*}" ]] ||
				complain "$file: a program must not include $include" ;;
		*/*)	[ -e "lib/$include" ] || complain "$file: no lib/$include" ;;
		esac
	done < <(sed -n 's/^#include "\(.*\)"$/\1/p' "$file")
done < <(find daemon tools -name '*.[ch]')

echo "layers: $((files > 0)) passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$files" -gt 0 ]
