# shellcheck shell=bash
# tests/tsa.sh - a time-stamp authority for scenarios; sourced, BUILD is set.
#
#   tsa_make DIR NAME       a root and an authority of this name in DIR: ca.pem is whom to trust,
#                           tsa.cnf what `openssl ts -reply` and $BUILD/tsa work with
#   tsa_start DIR           serve it; tsa_url is where, tsa_pid who
#   tsa_mode DIR [MODE]     how it behaves from now on (tests/tools/tsa.c); none: as it should
#   tsa_stop

tsa_make() {
	local dir=$1 name=$2
	mkdir -p "$dir"
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/ca.key"
	openssl req -new -x509 -key "$dir/ca.key" -days 3650 -subj "/CN=Root of $name" \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' -out "$dir/ca.pem" 2>/dev/null
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/tsa.key"
	printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' \
		'extendedKeyUsage=critical,timeStamping' >"$dir/tsa.ext"
	openssl req -new -key "$dir/tsa.key" -subj "/CN=$name" 2>/dev/null |
		openssl x509 -req -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 3650 \
			-extfile "$dir/tsa.ext" -out "$dir/tsa.pem" 2>/dev/null
	cat >"$dir/tsa.cnf" <<-END
		[tsa]
		default_tsa = authority
		[authority]
		serial = $dir/serial
		signer_cert = $dir/tsa.pem
		signer_key = $dir/tsa.key
		signer_digest = sha256
		default_policy = 1.2.3.4.1
		digests = sha256
		accuracy = secs:1
		ordering = yes
		tsa_name = yes
		ess_cert_id_alg = sha256
	END
	echo 01 >"$dir/serial"
}

tsa_start() {
	local port
	rm -f "$1/said"
	mkfifo "$1/said"
	"$BUILD/tsa" "$1" >"$1/said" 2>"$1/log" &
	tsa_pid=$!
	read -r port <"$1/said" || { cat "$1/log"; return 1; }
	# shellcheck disable=SC2034	# whoever sources this reads it
	tsa_url=http://127.0.0.1:$port/
}

tsa_mode() {
	if [ $# -gt 1 ]; then echo "$2" >"$1/mode"; else rm -f "$1/mode"; fi
}

tsa_stop() {
	kill "$tsa_pid" && wait "$tsa_pid"
}
