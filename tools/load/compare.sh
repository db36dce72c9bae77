#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ukl-load beside the tools that everybody measures with, on the servers of the build root: in a closed loop with the same
# settings the same server has to come to the same rate. Needs build/bin/ukl-load. KTAP.
# `make check-load` runs it on an idle machine.
# shellcheck disable=SC2317,SC2329 # functions are called by name
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
if [ "${1:-}" != inside ]; then
	[ -x build/bin/ukl-load ] || { echo "Bail out! there is no build/bin/ukl-load: run 'make ukl-load'"; exit 1; }
	# A network of its own: the ports are free.
	exec tools/enter.sh unshare --net -- bash tools/load/compare.sh inside
fi

# Two medians may differ by so many percent.
allowed=25
# Rounds before a verdict. Other work on the machine comes and goes: if the medians differ, as many again are added to
# all that there were, twice.
rounds=11
count=0 failed=0 servers=()
trap 'kill "${servers[@]}" 2>/dev/null' EXIT

# The server has to be what limits both, and the other clients take longer for a request than the servers do: Redis is
# asked 16 at a time and has to compare each key with 40 patterns, memcached has to say what it does.
redis=(-c 50 -P 16 -n 100000)
redis_theirs() {
	timeout 30 redis-benchmark -p 6379 -t get -r 10000 -d 3 "${redis[@]}" --csv | awk -F '"' '$2 == "GET" { print $4 }'
}

redis_ours() {
	timeout 30 build/bin/ukl-load redis 127.0.0.1:6379 --warmup 0 --preload false "${redis[@]}" | awk 'END { print $2 }'
}

redis_ready() {
	[ "$(redis-cli ping 2>&1)" = PONG ]
}

memcached=(--key-size 32 --value-size 128 --sets 0.1 --warmup 0)
memcached_theirs() {
	timeout 30 memcaslap -s 127.0.0.1:11211 -T 1 -c 50 -w 1k -F /tmp/mix -x 30000 | awk '/TPS:/ { print $7 }'
}

memcached_ours() {
	timeout 30 build/bin/ukl-load memcached 127.0.0.1:11211 -c 50 -n 30000 --preload false "${memcached[@]}" |
		awk 'END { print $2 }'
}

memcached_ready() {
	memcping --servers=127.0.0.1:11211 >/dev/null 2>&1
}

# median RATE...: the one in the middle.
median() {
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

# serve NAME COMMAND...: starts a server and waits until it answers.
serve() {
	local name=$1
	shift
	"$@" >/dev/null 2>&1 &
	servers+=($!)
	for _ in {1..100}; do
		! "${name}_ready" || return 0
		sleep 0.1
	done
	return 1
}

# agree NAME: whether both clients come to the same, in turns.
agree() {
	local name=$1 theirs=() ours=() their our rate
	for _ in 1 2 3; do
		for ((i = 0; i < rounds; i++)); do
			rate=$("${name}_theirs") && [ -n "$rate" ] || return 1
			theirs+=("$rate")
			rate=$("${name}_ours") && [ -n "$rate" ] || return 1
			ours+=("$rate")
		done
		their=$(median "${theirs[@]}") our=$(median "${ours[@]}")
		echo "# medians of ${#ours[@]} rounds: $their/s, ukl-load $our/s"
		! awk -v a="$their" -v b="$our" -v allowed="$allowed" \
			'BEGIN { exit !(a > 0 && b > 0 && a <= b * (1 + allowed / 100) && b <= a * (1 + allowed / 100)) }' ||
			return 0
	done
	return 1
}

# verdict NAME COMMAND...: a result.
verdict() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count $name"
	else
		echo "not ok $count $name"
		failed=1
	fi
}

echo 'TAP version 13'
echo '1..4'
ip link set lo up
printf '%s\n' key '32 32 1' value '128 128 1' cmd '0 0.1' '1 0.9' >/tmp/mix
user=()
[ "$(id -u)" != 0 ] || user=(-u root)

acl='user default on nopass +@all'
for i in {10..49}; do acl+=" ~*:*$i*no"; done
echo "$acl ~key:*" >/tmp/redis.conf
verdict "redis-server answers" serve redis redis-server /tmp/redis.conf --save '' --appendonly no --dir /tmp
build/bin/ukl-load redis 127.0.0.1:6379 -n 1 >/dev/null
verdict "GET: the rate of redis-benchmark" agree redis

verdict "memcached answers" serve memcached memcached "${user[@]}" -t 1 -l 127.0.0.1 -vv
build/bin/ukl-load memcached 127.0.0.1:11211 -n 1 "${memcached[@]}" >/dev/null
verdict "get and set: the rate of memcaslap" agree memcached
exit $failed
