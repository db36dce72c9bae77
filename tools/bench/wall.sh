#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# wall.sh control|wall|latency|network: measures wall time, in a virtual machine of two CPUs: one for the servers, one for
# the clients, the systems in turn, round by round, so that what counts is the ratio within a round. `make bench-wall` and
# so on build what they need. Writes build/results/PART.json, prints a table.
#   control  the harness itself, by both clocks: a server against itself, and against one that is slower by a known time;
#            fails if the first ratio is more than 2 % off 1, or the second is not what was added
#   wall     requests per second of Redis, memcached and echo servers
#   network  the same of Redis with clients outside the machine, which has one CPU and a network card; and the instructions
#            that all of it takes
#   latency  how long answers of Redis take at a rate, and which rate memcached can keep its 99th percentile at
# Environment: QUICK=1: in less time.
set -eu
part=$1
self=bench-$part
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../lib.sh"
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
build=$clone/build

here=tools/bench/wall bench=build/bench/echo results=build/results # as the build root sees them
: "${QUICK:=0}"
mkdir -p "$clone/$bench" "$clone/$results"
for program in echo/epoll_server echo/uring_server echo/load wall/spare; do
	"$clone/tools/enter.sh" cc -std=gnu11 -O2 -Wall -Wextra -o "$bench/${program##*/}" "tools/bench/$program.c" -l:liburing.a
done

# measure PART. What one CPU takes under emulation to wake another that is idle varies more than what is measured.
measure() {
	local status=0 append=''
	[ "${CPUS:-1}" = 1 ] || append=idle=poll
	APPEND=$append MEMORY=${MEMORY:-2G} TIMEOUT=${TIMEOUT:-1200} NAME=bench-$1 "$clone/tools/vm.sh" \
		"QUICK=$QUICK OUTSIDE=${OUTSIDE:-0} bash $here/guest.sh $1" || status=$?
	[ $status = 0 ] || die "the measurement failed with status $status: see build/vm/bench-$1"
	"$clone/tools/klog-scan.sh" "$build/vm/bench-$1/dmesg.log" || die "the kernel complained"
}

export LOAD=1
say "booting the stock Debian kernel; a busy host makes what is measured worthless"
cpus=2 network=loopback samples=$build/bench/$part.samples
case $part in
control)
	CPUS=2 measure control >"$samples"
	ICOUNT=1 measure counted >>"$samples"
	;;
network)
	cpus=1 network='virtio-net, clients outside'
	export NET=outside OUTSIDE=1
	CPUS=1 measure network >"$samples"
	ICOUNT=1 measure network_counted >>"$samples"
	;;
*) CPUS=2 measure "$part" >"$samples" ;;
esac
accelerator=tcg
! grep -qs yes "$build/vm/kvm-$(cat /proc/sys/kernel/random/boot_id)" || accelerator=kvm
"$clone/tools/enter.sh" env PYTHONPATH=tools/bench python3 "$here/report.py" "$part" "$accelerator" $cpus "$network" \
	"build/bench/$part.samples" "$results/$part.json"
say "all samples are in $results/$part.json"
