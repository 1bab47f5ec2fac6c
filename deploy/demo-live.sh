#!/usr/bin/env bash
# A live channel on this machine, a picture that goes black, and what aircheck says about it. It ends by itself after about a minute.
# The fault begins with a key, or after 30 s; ten seconds later the picture is back.
set -euo pipefail

aircheck=$1
work=$(mktemp -d)
children=()
# Only what was started here, by its id; the follower first, so that the origin is there until the last segment.
tidy() {
	for child in "${children[@]}"; do
		kill -TERM "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM

echo "demo: drawing a channel"
"$aircheck" bench origin --fault black --fault-for 10s >"$work/addresses" &
origin=$!
children=("$origin")
until [ -s "$work/addresses" ]; do
	kill -0 "$origin" 2>/dev/null || { echo "demo: the origin did not start" >&2; exit 1; }
	sleep 0.2
done
url=$(head -n 1 "$work/addresses")

# --fail-on never: that a fault is found is what is wanted here.
"$aircheck" follow "$url" --name demo --data "$work/data" --window 4s --fail-on never &
follow=$!
children=("$follow" "$origin")

if [ -t 0 ]; then
	echo "demo: press a key to make the picture black (or wait 30 s)"
	read -rsn 1 -t 30 || true
else
	echo "demo: the picture goes black in 30 s"
	sleep 30
fi

# begin the fault: POST /fault at the origin, without a tool that may be missing
address=${url#http://}
address=${address%%/*}
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
printf 'POST /fault HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$address" >&3
read -r _ <&3
exec 3<&-

sleep 28 # ten seconds of black, the segment and the window in which the picture is back, and some more
echo "demo: enough; closing the hour"
kill -INT "$follow"
wait "$follow"
children=("$origin")
