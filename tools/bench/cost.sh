#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cost.sh: what threads and connections take in memory, what a start takes until the first answer, and what a request takes by
# the number of connections: in user space and in ring 0, in one run of the deterministic machine. `make bench-cost` builds
# what it needs. Writes build/results/cost.json, prints tables. Two runs agree within 2 %, of memory and of short starts within
# 5 %; not if the host is so busy that a start waits for the files that it opens.
# Environment: QUICK=1: in less time; WHAT: only these of what guest.sh measures, for work on it.
set -eu
self="bench-cost"
# shellcheck source=tools/bench/lib.sh
. "$(dirname "$0")/lib.sh"

here=tools/bench/cost bench=build/bench/cost # as the build root sees them
: "${WHAT:=}"
# The same threads by glibc, and by the C library of ring 0, in user space and there.
compile $bench $here/grow.c $here/first.c $here/threads.c tools/bench/echo/load.c tools/bench/echo/epoll_server.c
# shellcheck disable=SC2016
"$clone/tools/enter.sh" sh -ec 'cd "$1"
	PATH=/ukl/tools/cc:$PATH
	ukl-cc -std=gnu11 -O2 -Wall -Wextra -o cost_threads "/ukl/$2/threads.c"
	ukl-module --license GPL cost_threads cost_threads.ukl.o' sh "$bench" "$here" >"$clone/$bench/program.log" 2>&1 ||
	die "threads.c does not build for ring 0: see $bench/program.log"

say "booting the stock Debian kernel with its instructions counted"
ICOUNT=1 MEMORY=${MEMORY:-3G} TIMEOUT=${TIMEOUT:-2000} APPEND=slab_nomerge \
	measure bench-cost "QUICK=$QUICK WHAT='$WHAT' bash $here/guest.sh" >"$clone/$bench/samples"

python "$here/report.py" "$bench/samples" "$results/cost.json"
say "all samples are in $results/cost.json"
