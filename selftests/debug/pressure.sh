#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# When there is hardly any memory left: applications start, end and call, modules come and go, while the kernel looks for
# pages. What it cannot give is an error; what is given is given back.
. "$(dirname "$0")/../lib.sh"

left_kb=${LEFT_KB:-120000}
full=$(mktemp -d)

available() {
	awk '/^MemAvailable:/ { print $2 }' /proc/meminfo
}

# fill_memory: until so much is left as there has to be for the kernel to go on. There is no swap: it is for good.
fill_memory() {
	local more
	mount -t tmpfs -o size=100% tmpfs "$full" || return 1
	for ((i = 0; i < 20; i++)); do
		more=$((($(available) - left_kb) / 1024))
		[ "$more" -gt 8 ] || break
		dd if=/dev/zero of="$full/$i" bs=1M count="$more" 2>&1 || break
	done
	note "$(available) kB are available"
	[ "$(available)" -lt $((left_kb * 2)) ]
}

# Page cache that has to go again and again, so that each page is looked for.
read_all() {
	while :; do
		find "$modules" -name '*.ko' -exec cat {} + >/dev/null
		sleep 1
	done
}

come_and_go() {
	for _ in 1 2 3 4 5; do
		rmmod ukl_test ukl || return 1
		want ukl ukl_test
	done
}

give_back() {
	umount "$full" && rmdir "$full"
}

ktap_print_header
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl ukl_test
check "memory is filled" fill_memory
read_all &
reader=$!
check "threads of all sorts" run_noted stress.many 8 5
check "many threads at once" run_case thread.many_at_once
run_cases app
check "modules come and go" come_and_go
kill $reader
check "memory is given back" give_back
check "and all goes on" run_case thread.many_at_once
finish
