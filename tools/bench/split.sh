#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# split.sh: where the instructions of a request to Redis and to memcached go, in user space and in ring 0: the profile that
# servers.sh makes (PROFILE=), as figures. `make bench-split` builds what it needs. Writes build/results/split.json, prints
# a table. What functions they are is left in build/bench/PROGRAM/functions.
# Environment: QUICK=1: Redis only, and of fewer samples.
set -eu
self=bench-split
# shellcheck source=tools/bench/lib.sh
. "$(dirname "$0")/lib.sh"
export QUICK

# profile PROGRAM TEST SERVER...
profile() {
	mkdir -p "$clone/build/bench/$1"
	PROFILE=$2 SERVERS="${*:3}" "$clone/tools/bench/servers.sh" "$1" >"$clone/build/bench/$1/functions"
	layers+=("build/bench/$1/layers.$2.json")
}

layers=()
profile redis get debian ukl_bypass
[ "$QUICK" = 1 ] || profile memcached mix debian ukl_bypass
python tools/bench/split/report.py "$results/split.json" "${layers[@]}"
say "the number of samples of each layer is in $results/split.json"
