#!/usr/bin/env bash
# The whole of aircheck on this machine, to look at: a damaged ladder that is checked, and two live channels that are followed, of which one has a black picture
# every minute. Prints the address of the site, and stays until Ctrl-C. Nothing but DIRECTORY is written to.
#
#   demo.sh AIRCHECK DIRECTORY
set -euo pipefail

aircheck=${1:?usage: demo.sh AIRCHECK DIRECTORY}
dir=${2:?usage: demo.sh AIRCHECK DIRECTORY}
mkdir -p "$dir"
children=()
# Only what was started here, by its id; the site first, so that the channels are there until the last segment.
tidy() {
	for child in "${children[@]}"; do
		kill -TERM "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	done
}
trap tidy EXIT
trap 'echo; echo "demo: ends"; exit 0' INT TERM

# await FILE PATTERN PROCESS: the first line of a file that has the pattern.
await() {
	until grep -m 1 -oE "$2" "$1" 2>/dev/null; do
		kill -0 "$3" 2>/dev/null || { cat "$1" >&2; echo "demo: it ended before it began" >&2; exit 1; }
		sleep 0.2
	done
}

echo "demo: drawing two live channels"
: >"$dir/origin.log"
"$aircheck" bench origin --channels 2 --fault black --fault-channel ch0 --fault-for 8s >"$dir/origin.log" &
origin=$!
children=("$origin")
url=$(await "$dir/origin.log" 'http://[^ ]*/ch0/' "$origin")
base=${url%/ch0/}
cat >"$dir/streams.yaml" <<YAML
streams:
  - name: news
    url: $base/ch0/master.m3u8
  - name: sports
    url: $base/ch1/master.m3u8
YAML

: >"$dir/up.log"
"$aircheck" up --data "$dir/data" --streams "$dir/streams.yaml" --live-window 4s "$dir/media/master.m3u8" 2>"$dir/up.log" &
up=$!
children=("$up" "$origin")
site=$(await "$dir/up.log" 'http://[^ ,]*/' "$up")
echo "demo: checking a damaged ladder"
check=$(await "$dir/up.log" 'msg=finished check=[a-z0-9]+' "$up")
cat <<TEXT

  $site
        the wall: two live channels; the picture of "news" goes black every minute
  ${site}checks/${check##*=}
        the damaged ladder: its defects, their pictures and the curves

Ctrl-C ends it. The log is in $dir/up.log.
TEXT

# A black picture now, and one every minute: POST /fault at the origin, without a tool that may be missing.
address=${base#http://}
while kill -0 "$up" 2>/dev/null; do
	if exec 3<>"/dev/tcp/${address%:*}/${address##*:}"; then
		printf 'POST /fault HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$address" >&3
		read -r _ <&3 || true
		exec 3<&-
	fi
	sleep 60 &
	wait $! || true # a signal does not wait for a minute to be over
done
tail -n 5 "$dir/up.log" >&2
exit 1
