#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# echo.sh: counts the instructions that servers need for a request, in user space and as ukl applications, in one run
# of the deterministic machine. `make bench-echo` builds what it needs. Writes build/results/echo.json, prints a
# table; fails if a target is missed. Two runs agree within 1 %.
# Environment: QUICK=1: in less time, the same targets; PROFILE=echo or get: instead, where the instructions of two
# servers go, by perf: of the echo servers, or of redis-server and kv.
set -eu
self='bench-echo'
# shellcheck source=tools/bench/lib.sh
. "$(dirname "$0")/lib.sh"

here=tools/bench/echo bench=build/bench/echo # as the build root sees them
: "${PROFILE:=}" "${WHAT:=}"
compile $bench $here/epoll_server.c $here/uring_server.c $here/load.c tools/bench/around.c

case $PROFILE in
'') servers='' ;;
get) servers='redis_server kv' ;;
*) servers='user_epoll inplace' ;;
esac
if [ -n "$servers" ]; then
	# perf can follow calls on the kernel's stack only, so here none stays on the application's.
	mkdir -p "$clone/$bench/module"
	cp "$clone"/samples/echo/* "$clone/$bench/module"
	sed -i 's/ | UKL_NSS//' "$clone/$bench/module"/*.c
	# shellcheck disable=SC2016
	"$clone/tools/enter.sh" sh -ec '. /etc/ukl/kernel
		make -s -C "$kdir" CC="$cc" CONFIG_DEBUG_INFO_BTF_MODULES= M="$PWD/$1" UKL="$PWD/build/sdk" modules' \
		sh "$bench/module" >"$clone/$bench/module.log" 2>&1 || die "echo.ko does not build: see $bench/module.log"
	export ECHO_KO=$bench/module/echo.ko
	WHAT="profile.${servers% *} profile.${servers#* }"
	how='sampled, one minute'
else
	how='counted, one to three minutes'
fi

# slab_nomerge: caches of the same size are one by default, and that could not say what it is for.
say "booting the stock Debian kernel with its instructions $how"
ICOUNT=1 MEMORY=${MEMORY:-2G} TIMEOUT=${TIMEOUT:-900} APPEND=slab_nomerge \
	measure bench-echo "QUICK=$QUICK ECHO_KO=${ECHO_KO:-} WHAT='$WHAT' bash $here/guest.sh" >"$clone/$bench/samples"

if [ -n "$servers" ]; then
	# shellcheck disable=SC2086
	python "$here/stacks.py" "$bench" $servers
	exit
fi
python "$here/report.py" "$bench/samples" "$results/echo.json"
say "all samples are in $results/echo.json"
