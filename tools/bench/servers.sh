#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# servers.sh redis|memcached: counts the instructions that the server needs for a request: Debian's, the same objects in
# user space that the module is made of, and the module in ring 0, in one run of the deterministic machine. `make bench-redis`
# and `make bench-memcached` build what they need. Writes build/results/PROGRAM.json, prints a table. Two runs agree
# within 1 % in ring 0, and 2 % in user space.
# Environment: QUICK=1: in less time; STRICT=1: fails if a target is missed; PROFILE=get, set, get_1k, set_1k or, of memcached,
# mix: instead, where the instructions of that go, by perf; SERVERS: only these of debian, same_objects, ukl,
# ukl_bypass (with QUICK=1 only the first and this one) and, measured only if named, debian_batch and ukl_other; UKL_BYPASS: the budget of ukl_bypass.
set -eu
program=$1
self=bench-$program
# shellcheck source=tools/bench/lib.sh
. "$(dirname "$0")/lib.sh"

here=tools/bench/servers bench=build/bench/$program # as the build root sees them
: "${PROFILE:=}" "${SERVERS:=}" "${UKL_BYPASS:=64}"
rm -rf "$clone/$bench"/perf.*
compile "$bench" tools/bench/around.c

case $program in
redis) tests='get set get_1k set_1k' ;;
memcached) tests=mix ;;
esac
# shellcheck source=tools/servers.sh
. "$clone/tools/servers.sh"
if [ -z "$SERVERS" ]; then
	servers='debian same_objects ukl ukl_bypass'
	[ "$QUICK" = 0 ] || servers='debian ukl_bypass'
	for server in $servers; do
		! server_built "$program" "$server" || SERVERS="${SERVERS:+$SERVERS }$server"
	done
fi
[ "$QUICK" = 0 ] || tests=${tests% *_1k *_1k}
how='counted' profile=0
[ -z "$PROFILE" ] || how='sampled' profile=1 tests=$PROFILE

say "booting the stock Debian kernel with its instructions $how: $tests of $SERVERS"
ICOUNT=1 MEMORY=${MEMORY:-2G} TIMEOUT=${TIMEOUT:-2000} measure "bench-$program" \
	"QUICK=$QUICK PROFILE=$profile SERVERS='$SERVERS' TESTS='$tests' UKL_BYPASS=$UKL_BYPASS bash $here/guest.sh $program" \
	>"$clone/$bench/samples"

if [ -n "$PROFILE" ]; then
	# shellcheck disable=SC2086
	python "$here/stacks.py" "$bench" "$PROFILE" $SERVERS
	exit
fi
python "$here/report.py" "$program" "$bench/samples" "$results/$program.json"
say "all samples are in $results/$program.json"
