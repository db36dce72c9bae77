#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Loading and unloading ukl.ko and the samples 100 times in a row: nothing leaks, nothing is logged.
#
# What the kernel has is counted before and after each stretch of rounds. A leak grows by one or more
# for each round in every stretch, give or take what else goes on; noise does so in one or two, which is
# why a suspect gets more stretches.
. "$(dirname "$0")/../lib.sh"

rounds=100
seen=$(mktemp -d)

# What the kernel has now, one "NAME NUMBER" a line: objects of each slab cache, areas and pages of
# vmalloc (where modules and stacks are too), per-CPU memory, modules.
snapshot() {
	local cache
	# What waits for a grace period of RCU, or is kept for the next one who wants it.
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	for cache in /sys/kernel/slab/*; do
		[ -L "$cache" ] || echo 1 >"$cache/shrink"
	done
	{
		# A kmalloc() goes to one of 16 caches of its size (CONFIG_RANDOM_KMALLOC_CACHES).
		awk 'NR > 2 { sub(/-rnd-[0-9]+/, "", $1); n["slab:" $1] += $2 } END { for (name in n) print name, n[name] }' \
			/proc/slabinfo
		awk '!/unpurged/ { n++ } END { print "vmalloc:areas", n }' /proc/vmallocinfo
		awk '/^VmallocUsed:/ { print "vmalloc:pages", $2 / 4 } /^Percpu:/ { print "percpu:pages", $2 / 4 }' \
			/proc/meminfo
		awk '{ n += $2 } END { print "modules:bytes", n + 0 }' /proc/modules
	} | sort >"$1"
}

# stretch N COMMAND...: N times COMMAND, and then a snapshot.
stretch() {
	local n=$1 i
	shift
	for ((i = 0; i < n; i++)); do "$@" || return 1; done
	snapshot "$seen/$(printf %02d "$(find "$seen" -type f | wc -l)")"
}

# suspects N: what has grown by about N or more in every stretch, with its numbers.
suspects() {
	awk -v least=$(($1 * 3 / 4)) '
		FNR == 1 { files++ }
		{
			if (files > 1 && $2 - last[$1] < least) innocent[$1] = 1
			last[$1] = $2
			numbers[$1] = numbers[$1] " " $2
		}
		END {
			for (name in numbers)
				if (files > 2 && !(name in innocent))
					print name ":" numbers[name]
		}
	' "$seen"/*
}

# leaks N COMMAND...: whether COMMAND leaks, from stretches of N rounds; says what.
leaks() {
	local n=$1
	shift
	rm -f "$seen"/*
	# The first rounds fill caches.
	stretch 5 "$@" && stretch "$n" "$@" && stretch "$n" "$@" || return 2
	[ -z "$(suspects "$n")" ] || { stretch "$n" "$@" && stretch "$n" "$@"; } || return 2
	suspects "$n"
	[ -n "$(suspects "$n")" ]
}

load_leaker() {
	insmod "$modules/ukl_test_leak.ko" "$1=$2" && rmmod ukl_test_leak
}

finds() {
	leaks 20 load_leaker "$1" "$2" >"$seen.found"
	cat "$seen.found"
	grep -q "$3" "$seen.found"
}

load_each() {
	insmod "$modules/ukl.ko" && insmod "$modules/echo.ko" port=7040 && insmod "$modules/kv.ko" port=7041 &&
		rmmod kv echo ukl
}

no_leak() {
	local start status
	start=$(now_ms)
	leaks "$@"
	status=$?
	note "took $(($(now_ms) - start)) ms"
	[ $status = 1 ]
}

# Above info is notice, level 5. The mark is in the log, so that nothing of it was lost.
quiet() {
	local lines
	dmesg | grep -q "$mark" || return 1
	lines=$(dmesg --raw | awk -v mark="$mark" 'seen; index($0, mark) { seen = 1 }' | grep -aE '^<[0-5]>')
	printf '%s\n' "$lines" | head -n 20
	[ -z "$lines" ]
}

ktap_print_header
unload_all
# These three are about the counting; grace periods of RCU are what they would wait for.
echo 1 >/sys/kernel/rcu_expedited
check "a slab leak is found" finds slab 3000 '^slab:kmalloc-4k'
check "a vmalloc leak is found" finds pages 1 '^vmalloc:areas'
check "no leak is found where none is" no_leak 20 load_leaker slab 0
echo 0 >/sys/kernel/rcu_expedited
# The first one says that it taints the kernel.
check "each can be loaded and unloaded" load_each
mark="selftests: reload: $rounds rounds begin"
echo "<6>$mark" >/dev/kmsg
check "ukl, echo and kv leak nothing in $rounds rounds" no_leak $((rounds / 2)) load_each
check "nothing was logged above info" quiet
rm -rf "$seen" "$seen.found"
finish
