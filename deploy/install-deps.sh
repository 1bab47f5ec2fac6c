#!/usr/bin/env bash
# Installs what aircheck needs from Debian's packages, and only what is missing.
#
#   install-deps.sh build   what the build needs: a C compiler, pkg-config, FFmpeg's libraries
#   install-deps.sh demo    build, and the ffmpeg command that makes the demo's media
#   install-deps.sh test    demo, redis-server and python3, and the readers of others that formats are tested with (node, xmllint)
set -euo pipefail

# What go-astiav links, one pkg-config name each.
libraries=(libavcodec libavdevice libavfilter libavformat libavutil libswresample libswscale)

have() { command -v "$1" >/dev/null 2>&1; }

missing_for_build() {
	have gcc || have cc || echo gcc libc6-dev
	have pkg-config || echo pkg-config
	for lib in "${libraries[@]}"; do
		pkg-config --exists "$lib" 2>/dev/null || echo "$lib-dev"
	done
	[ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

missing_for_demo() {
	missing_for_build
	have ffmpeg || echo ffmpeg
}

missing_for_test() {
	missing_for_demo
	have redis-server || echo redis-server
	have python3 || echo python3
	have node || echo nodejs
	have npm || echo npm
	have xmllint || echo libxml2-utils
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		echo "install-deps: neither root nor sudo: run this as root: $*" >&2
		exit 1
	fi
}

install() {
	if ! have apt-get; then
		echo "install-deps: no apt-get here; install these yourself: $*" >&2
		exit 1
	fi
	echo "install-deps: installing Debian packages: $*"
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
	# Debian starts a server of its own with the package; the tests and the fleet start theirs.
	if [[ " $* " == *" redis-server "* ]] && have systemctl; then
		echo "install-deps: stopping the redis-server service that came with the package"
		as_root systemctl disable --now redis-server >/dev/null 2>&1 || true
	fi
}

case "${1:-}" in
build | demo | test) mapfile -t packages < <("missing_for_$1" | tr ' ' '\n' | sort -u) ;;
*)
	echo "usage: install-deps.sh build|demo|test" >&2
	exit 2
	;;
esac
[ "${#packages[@]}" -eq 0 ] || install "${packages[@]}"

# DuckDB, a WebVTT validator and their like, in the versions of the lock file; some seconds, and only when they have changed.
install_readers() {
	local dir
	dir="$(dirname "$0")/../tools/formats"
	if [ ! "$dir/node_modules/.package-lock.json" -nt "$dir/package.json" ]; then
		echo "install-deps: installing the readers of tools/formats"
		(cd "$dir" && npm install --no-progress --silent)
	fi
}
[ "$1" != test ] || install_readers

if ! pkg-config --atleast-version=59 libavcodec || pkg-config --atleast-version=60 libavcodec; then
	echo "install-deps: libavcodec is $(pkg-config --modversion libavcodec); aircheck needs 59 (FFmpeg 5.1, as in Debian 12)" >&2
	exit 1
fi
