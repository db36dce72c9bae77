#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# redis-suite.sh: Redis's own test suite, unchanged, against Redis in ring 0 and against the same objects in user space.
# `make check-redis` builds what it needs. Writes build/results/redis-suite.json and .txt.
# Exit status: 0 if nothing fails in ring 0 that does not fail in user space, and the kernel did not complain.
# Environment: QUICK=1: only some of the files; UNITS="unit/geo unit/type/set": only these; SERVERS: of debian, same_objects,
# ukl and ukl_bypass; SLOW=1: also what takes minutes, best with KVM; LIMIT: seconds for one file.
set -eu
self=check-redis
. "$(dirname "$0")/lib.sh"

: "${QUICK:=0}" "${SLOW:=0}" "${UNITS:=}" "${SERVERS:=same_objects ukl}" "${LIMIT:=600}" "${UKL_BYPASS:=64}"
if [ "$QUICK" = 1 ] && [ -z "$UNITS" ]; then
	UNITS='unit/protocol unit/quit unit/pubsub unit/slowlog unit/acl-v2 unit/limits unit/pause unit/tracking unit/geo unit/functions'
	UNITS+=' unit/introspection-2 unit/type/incr unit/type/list-3 integration/redis-cli'
fi
"$clone/tools/source.sh" redis
logs=build/redis-suite # as the build root sees it
rm -rf "${clone:?}/$logs"
mkdir -p "$clone/$logs" "$build/results"

say "booting the stock Debian kernel: Redis's test suite against $SERVERS"
status=0
NAME=redis-suite LOAD=1 MEMORY=${MEMORY:-3G} CPUS=${CPUS:-1} TIMEOUT=${TIMEOUT:-5400} "$clone/tools/vm.sh" \
	"SERVERS='$SERVERS' UNITS='$UNITS' LIMIT=$LIMIT SLOW=$SLOW UKL_BYPASS=$UKL_BYPASS bash tools/redis-suite/guest.sh $logs" || status=$?
[ $status != 124 ] || say "given up after its TIMEOUT: what follows is what there is until then"
if [ $status = 0 ]; then
	"$clone/tools/klog-scan.sh" "$build/vm/redis-suite/dmesg.log" || status=$?
fi
"$clone/tools/enter.sh" python3 tools/redis-suite/report.py $logs tools/redis-suite/skipped build/results/redis-suite \
	"$SERVERS" || status=1
say "what the suite said is in $logs, the result in build/results/redis-suite.json and .txt"
exit $status
