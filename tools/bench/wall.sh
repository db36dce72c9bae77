#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# wall.sh control|wall|latency|network: measures wall time, in a virtual machine of two CPUs: one for the servers, one for
# the clients, the systems in turn, round by round, so that what counts is the ratio within a round. `make bench-wall` and
# so on build what they need. Writes build/results/PART.json, prints a table.
#   control  the harness itself, by both clocks: a server against itself, and against one that is slower by a known time;
#            fails if the first ratio is more than 2 % off 1, or the second is not what was added; of wall time it says
#            nothing on a host whose own speed is not steady
#   wall     requests per second of Redis, memcached and echo servers
#   network  the same of Redis with clients outside the machine, which has one CPU and a network card; and the instructions
#            that all of it takes
#   latency  how long answers of Redis take at a rate, and which rate memcached can keep its 99th percentile at
# Environment: QUICK=1: in less time.
set -eu
part=$1
self=bench-$part
# shellcheck source=tools/bench/lib.sh
. "$(dirname "$0")/lib.sh"

here=tools/bench/wall
compile build/bench/echo tools/bench/echo/epoll_server.c tools/bench/echo/uring_server.c tools/bench/echo/load.c $here/spare.c

# measure_part PART. What one CPU takes under emulation to wake another that is idle varies more than what is measured.
measure_part() {
	local append=''
	[ "${CPUS:-1}" = 1 ] || append=idle=poll
	APPEND=$append MEMORY=${MEMORY:-2G} TIMEOUT=${TIMEOUT:-1200} \
		measure "bench-$1" "QUICK=$QUICK OUTSIDE=${OUTSIDE:-0} bash $here/guest.sh $1"
}

say "booting the stock Debian kernel; a busy host makes what is measured worthless"
cpus=2 network=loopback samples=$build/bench/$part.samples
python "$here/steady.py" >"$samples"
case $part in
control)
	CPUS=2 measure_part control >>"$samples"
	ICOUNT=1 measure_part counted >>"$samples"
	;;
network)
	cpus=1 network='virtio-net, clients outside'
	export NET=outside OUTSIDE=1
	CPUS=1 measure_part network >>"$samples"
	ICOUNT=1 measure_part network_counted >>"$samples"
	;;
*) CPUS=2 measure_part "$part" >>"$samples" ;;
esac
python "$here/steady.py" >>"$samples"
accelerator=tcg
! grep -qs yes "$build/vm/kvm-$(cat /proc/sys/kernel/random/boot_id)" || accelerator=kvm
python "$here/report.py" "$part" "$accelerator" $cpus "$network" "build/bench/$part.samples" "$results/$part.json"
say "all samples are in $results/$part.json"
