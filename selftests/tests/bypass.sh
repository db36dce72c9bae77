#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The bypass: its budget, what ends it, what it leaves as it is.
. "$(dirname "$0")/../lib.sh"

# is TABLE APPLICATION COLUMN VALUE: what a table says.
is() {
	local value
	value=$(table "$1" "$2" "$3")
	echo "$1: $3 $value, expected $4"
	[ "$value" = "$4" ]
}

# with CASE ARGUMENTS COMMAND...: runs COMMAND while the case waits with its counts.
with() {
	local status
	echo "$1 $2" >"$cases/start" || return 1
	until_true 10000 finished
	"${@:3}"
	status=$?
	echo 1 >"$cases/stop"
	show_result || status=1
	return $status
}

finished() {
	[ "$(head -n 1 "$cases/result")" != running ]
}

exact() {
	is threads bypass.counted bypassed "$1" && is threads bypass.counted calls 7 &&
		is threads bypass.counted bypass_cut 0
}

# Two calls more are those of the thread that waits.
cut() {
	is apps bypass.cut bypass_cut "$1" && is apps bypass.cut bypassed "$2" && is apps bypass.cut calls "$3"
}

# On a busy machine an interrupt may come between the request to reschedule and the call, and see to it.
a_reschedule_cuts() {
	for _ in 1 2 3; do
		! with bypass.cut reschedule cut 1 10 4 || return 0
	done
	return 1
}

ktap_print_header
run_cases bypass
for n in 0 1 1000 65536; do
	check "a budget of $n is counted" with bypass.counted $n exact $n
done
check "a bypass that ends by itself is not cut" with bypass.cut nothing cut 0 11 3
check "a reschedule cuts it" a_reschedule_cuts
check "a lazy reschedule does not" with bypass.cut lazy cut 0 11 3
check "a signal cuts it" with bypass.cut signal cut 1 10 3
finish
