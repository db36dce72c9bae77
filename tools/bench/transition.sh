#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# transition.sh: counts the instructions of calls from an application in the kernel and of the same system calls, in
# one run of the deterministic machine, on a kernel thread and in a process, and what "ukl top" takes. `make bench-transition` builds what it needs. Writes
# build/results/transition.json, prints a table. Two runs agree within 1 %.
# Environment: QUICK=1: fewer sizes and rounds.
set -eu
self='bench-transition'
# shellcheck source=tools/bench/lib.sh
. "$(dirname "$0")/lib.sh"

quick='' parameters=''
[ "$QUICK" = 0 ] || quick=quick parameters=quick=1
here=tools/bench/transition bench=build/bench # as the build root sees them
compile $bench $here/syscalls.c

# The sleep, which takes no time in this machine, lets the kernel's own work after booting end.
say "booting the stock Debian kernel with its instructions counted, half a minute"
ICOUNT=1 TIMEOUT=${TIMEOUT:-600} measure bench-transition "
	set -e
	sleep 10
	echo kernel_release \$(uname -r)
	$bench/syscalls $quick
	insmod build/modules/ukl_bench.ko $parameters
	cat /sys/kernel/debug/ukl_bench/samples
	build/bin/ukl run ukl_bench
	cat /sys/kernel/debug/ukl_bench/samples
	rmmod ukl_bench
	build/bin/ukl run build/modules/kv.ko &
	TIMEFORMAT='top 10 %U %S'
	sleep 1
	{ time build/bin/ukl top -b -d 1 -n 10 >/dev/null; } 2>&1
	kill \$!
	wait
" >"$clone/$bench/samples"

python "$here/report.py" "$bench/samples" "$results/transition.json"
say "all samples are in $results/transition.json"
