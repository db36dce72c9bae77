# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What kmemleak knows, of a debug kernel that was booted with kmemleak=on and slab_debug=F: without that, the lists of free
# objects that each processor keeps point to many that are free no more. For bash; sourced by tests after lib.sh.

kmemleak=/sys/kernel/debug/kmemleak

# leaks_seen: looks for memory that nobody points to; what it prints is that.
leaks_seen() {
	echo scan >$kmemleak || echo "kmemleak does not scan"
	cat $kmemleak
}

# nothing_leaked: whether all memory is still in somebody's hands. What was just allocated is not looked at, a pointer may
# be left on a stack, and what waits for RCU is in nobody's; so what is seen once has to be seen again.
nothing_leaked() {
	local seen
	for _ in 1 2 3; do
		sleep 6
		seen=$(leaks_seen)
	done
	printf '%s\n' "$seen"
	[ -z "$seen" ]
}
