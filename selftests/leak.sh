# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Whether something that is done many times leaks. For bash; sourced by tests after lib.sh.
#
# What the kernel has is counted before and after each stretch of rounds. A leak grows by one or more
# for each round in every stretch, give or take what else goes on; noise does so in one or two, which is
# why a suspect gets more stretches.

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
		# A kmalloc() goes to one of 16 caches of its size (CONFIG_RANDOM_KMALLOC_CACHES). vmalloc keeps the
		# records of freed areas for a while, so areas are counted below.
		awk 'NR > 2 && $1 != "vmap_area" { sub(/-rnd-[0-9]+/, "", $1); n["slab:" $1] += $2 } END { for (name in n) print name, n[name] }' \
			/proc/slabinfo
		awk '!/unpurged/ { n++ } END { print "vmalloc:areas", n }' /proc/vmallocinfo
		awk '/^VmallocUsed:/ { print "vmalloc:pages", $2 / 4 } /^Percpu:/ { print "percpu:pages", $2 / 4 }' \
			/proc/meminfo
		# Pages that somebody took by themselves: those that are neither free, nor kept free by a CPU, nor anything
		# that has a count of its own.
		[ "${kasan:?}" != 0 ] || awk '/^ +count:/ { n -= $2 }
			/^MemTotal:/ { n += $2 / 4 }
			/^(MemFree|Buffers|Cached|SwapCached|AnonPages|Slab|KernelStack|PageTables|VmallocUsed|Percpu):/ { n -= $2 / 4 }
			END { print "pages:other", n }' /proc/zoneinfo /proc/meminfo
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
