#!/usr/bin/env bash
# One process of the local fleet that the Procfile describes; everything listens on this machine only and lies below data/fleet.
#
#   fleet.sh redis | s3 | aircheck SUBCOMMAND…
#
# To use the fleet from another terminal:  source deploy/fleet.sh env
redis_port=${FLEET_REDIS_PORT:-16379}
s3_port=${FLEET_S3_PORT:-17070}

# For a toy on the loopback interface; a real fleet gets its own.
export AIRCHECK_S3_ACCESS_KEY=fleet AIRCHECK_S3_SECRET_KEY=fleet-secret
export AIRCHECK_S3_ENDPOINT=http://127.0.0.1:$s3_port
export AIRCHECK_REDIS=redis://127.0.0.1:$redis_port/0
export AIRCHECK_STORE=s3://aircheck
[ "${1:-}" != env ] || return 0

set -euo pipefail
cd "$(dirname "$0")/.."
data=${FLEET_DATA:-$PWD/data/fleet} # absolute: versitygw compares paths by their text

# Everything starts at once, and nothing may give up because another was slower.
wait_for() {
	for _ in $(seq 300); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
		sleep 0.1
	done
	echo "fleet: nothing listens on port $1" >&2
	exit 1
}

case "${1:-}" in
redis)
	mkdir -p "$data/redis"
	# A queue that evicts loses work silently; without the file a restart of Redis costs a round of the reconciler.
	exec redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$data/redis" --appendonly yes --maxmemory-policy noeviction --save "" --always-show-logo no --loglevel warning
	;;
s3)
	mkdir -p "$data/objects" "$data/sidecar"
	ROOT_ACCESS_KEY=$AIRCHECK_S3_ACCESS_KEY ROOT_SECRET_KEY=$AIRCHECK_S3_SECRET_KEY \
		exec versitygw --port "127.0.0.1:$s3_port" --quiet posix --sidecar "$data/sidecar" "$data/objects"
	;;
aircheck)
	shift
	wait_for "$redis_port"
	wait_for "$s3_port"
	exec bin/aircheck "$@"
	;;
*)
	echo "usage: fleet.sh redis|s3|aircheck SUBCOMMAND…" >&2
	exit 2
	;;
esac
