#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A thread that bypasses without end leaves a process on its CPU the process's share.
. "$(dirname "$0")/../lib.sh"

cpu=$(($(nproc) - 1))
TIMEFORMAT='%R %U %S'

busy() {
	time taskset -c $cpu timeout 4 bash -c 'while :; do :; done'
}

# The share of the process in percent, while a case runs.
share() {
	local times tid before after
	echo "$1" >"$cases/start" || return 1
	until_true 20000 test -n "$(table threads "$1" tid)"
	tid=$(table threads "$1" tid)
	read -r before _ <"/proc/$tid/schedstat"
	times=$(busy 2>&1 >/dev/null | tail -n 1)
	read -r after _ <"/proc/$tid/schedstat"
	[ "$(taskset -cp "$tid")" = "pid $tid's current affinity list: $cpu" ] || return 1
	echo 1 >"$cases/stop"
	awk -v before="$before" -v after="$after" '{
		used = $2 + $3; theirs = (after - before) / 1e9
		printf "%.2f s of CPU in %.2f s, the thread %.2f s: %d %%\n", used, $1, theirs, 100 * used / $1
		exit used < 0.35 * $1
	}' <<<"$times"
}

share_noted() {
	local status text
	text=$(share "$1")
	status=$?
	note "a process has $text"
	return $status
}

ktap_print_header
want ukl ukl_test
check "a process beside a bypass" share_noted spin.in_a_bypass
finish
