#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# demo.sh: boots the stock kernel once and runs Debian's Redis in ring 0, unmodified, next to Debian's redis-server in user space.
# `make demo` builds what it needs; ICOUNT=1 counts instructions instead of time.
# Exit status: 0 if everything worked and the kernel did not complain.
set -eu
self=demo
. "$(dirname "$0")/lib.sh"

say "booting the stock Debian kernel and loading ukl.ko, about 20 seconds; all of it takes two minutes"
status=0
# One processor unless asked otherwise: that emulated ones wake each other takes far longer than on real ones.
export CPUS="${CPUS:-1}"
TIMEOUT=${TIMEOUT:-400} NAME=demo "$clone/tools/vm.sh" ICOUNT="${ICOUNT:-0}" bash tools/demo-guest.sh || status=$?
[ $status != 125 ] || die "the virtual machine died or did not start: see build/vm/demo/console.log"
[ $status != 124 ] || die "given up after ${TIMEOUT:-400} seconds: is this machine busy? TIMEOUT=900 make demo waits longer"
"$clone/tools/klog-scan.sh" "$build/vm/demo/dmesg.log" || die "the kernel complained"
[ $status = 0 ] || die "failed with status $status"
say "the kernel's log of the whole run is clean (build/vm/demo/dmesg.log)"

cat <<'END'

What you saw: Redis, of the source that Debian builds its package from and not a line changed, ran as a process in ring 0 of an
untouched Debian kernel and answered real clients; its system calls were procedure calls. Then it was ended like any
process, and everything was unloaded again.
The table is wall time under emulation, which is noisy: make bench-redis counts instructions.
Next: make shell, and there: ukl run build/modules/redis.ko &  ukl top
      make vm CMD='build/bin/ukl run build/modules/redis.ko & sleep 2; redis-benchmark -p 6379 -t get -n 20000 -q'
      ICOUNT=1 make demo, which counts instructions: what a busy machine does not change
END
