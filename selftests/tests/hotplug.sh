#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A CPU goes offline and online while threads make all kinds of calls on it.
. "$(dirname "$0")/../lib.sh"

# A debug kernel takes seconds for one CPU.
seconds=$((${SLOWER:-1} > 1 ? 40 : 12))
online=/sys/devices/system/cpu/cpu1/online

flip() {
	local start down up
	start=$(now_ms)
	echo 0 >$online || return 1
	down=$(now_ms)
	echo 1 >$online || return 1
	up=$(now_ms)
	note "down in $((down - start)) ms, up in $((up - down)) ms"
	sleep 0.2
}

running() {
	[ "$(head -n 1 "$cases/result")" = running ]
}

flip_meanwhile() {
	local flips=0 status=0
	echo "stress.many 12 $seconds" >"$cases/start" || return 1
	while running; do
		flip || status=1
		flips=$((flips + 1))
	done
	note "cpu1 went offline and came back $flips times"
	echo 1 >"$cases/stop"
	note_result
	show_result && [ $status = 0 ] && [ $flips -ge 2 ]
}

ktap_print_header
[ -e $online ] || ktap_skip_all "there is no second CPU that can go offline"
want ukl ukl_test
check "12 threads while a CPU comes and goes" flip_meanwhile
check "the CPU is back" grep -qx 1 $online
check "and carries applications" run_case stress.many 8 1
finish
