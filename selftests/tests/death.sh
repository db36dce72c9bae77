#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Processes that die with an application in the middle of something, in every order; and what keeps modules loaded.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../leak.sh"

# by NAME: a test of death.c, which leaves no application behind.
by() {
	"$build/selftests/death" "$1" || return 1
	until_true 20000 nothing_runs || {
		cat "$ukl_debugfs/apps" "$ukl_debugfs/threads"
		return 1
	}
}

# The system call itself: rmmod asks before it tries.
refused() {
	local error
	! error=$(busybox rmmod "$1" 2>&1) || return 1
	echo "$error"
	[[ $error == *'temporarily unavailable'* ]]
}

both_refused() {
	refused ukl_test_process && refused ukl
}

while_bound() {
	start_process "$build/selftests/death" -bound
	says ready && both_refused
	local status=$?
	kill -KILL "$pid"
	ends 137 && return $status
}

while_it_runs() {
	run_program sleep
	says ready && both_refused || return 1
	kill -TERM "$pid"
	ends 143
}

# An open device alone keeps ukl.ko, and no program.
while_open() {
	local status=0
	exec 5<>/dev/ukl
	rmmod ukl_test_process || status=1
	refused ukl || status=1
	exec 5>&-
	load ukl_test_process start=0 && return $status
}

unloads() {
	rmmod ukl_test_process && rmmod ukl && load ukl && load ukl_test_process start=0
}

# kill_mixed N: N threads of all kinds beside the first, some of which neither return nor make a call.
kill_mixed() {
	run_program mixed "$1"
	says ready || return 1
	until_true 20000 all_started $(($1 + 1)) || return 1
	kill -KILL "$pid"
	killed_at=$(now_ms)
	until_true 20000 nothing_runs || return 1
	killed_at=$(($(now_ms) - killed_at))
	note "nothing runs after $killed_at ms"
	[ "$killed_at" -ge "$fastest" ] || fastest=$killed_at
	ends 137
}

# A thread that computes on the processor where it is looked for, or on the other one.
kill_pinned() {
	run_program spin
	says ready || return 1
	taskset -apc "$1" "$pid" || return 1
	sleep 0.5
	kill -KILL "$pid"
	until_true 20000 nothing_runs || return 1
	ends 137
}

# A host that is busy makes some of them slower.
one_was_fast() {
	echo "the fastest took $fastest ms"
	[ "$fastest" -le $((1000 * ${SLOWER:-1})) ]
}

all_started() {
	[ "$(threads_of "$pid")" = "$1" ]
}

kill_mixed_sockets() {
	local before
	before=$(sockets)
	kill_mixed 64 && no_more_sockets "$before"
}

kill_quietly() {
	local status
	kill_mixed 12 4>/dev/null
	status=$?
	# Each has a file of its own, in memory.
	rm -f "$output"
	return $status
}

no_leak() {
	leaks "$@"
	[ $? = 1 ]
}

ktap_print_header
# Some threads compute and make no calls, longer than the watchdog likes if the machine is busy.
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
for name in $("$build/selftests/death"); do
	echo "<6>selftests: death $name" >/dev/kmsg
	check "$name" by "$name"
done
check "rmmod is refused while a program is bound" while_bound
check "rmmod is refused while it runs" while_it_runs
check "rmmod of ukl is refused while the device is open" while_open
check "both unload afterwards" unloads
fastest=$((5000 * ${SLOWER:-1}))
for round in 1 2 3; do
	check "kill -9 of 65 threads, $round" kill_mixed_sockets
done
check "they are gone within a second" one_was_fast
for cpu in 0 1; do
	check "kill -9 of a thread that computes on CPU $cpu" kill_pinned $cpu
done
check "kill -9 leaks nothing" no_leak 5 kill_quietly
check "both unload at the end" unloads
rm -rf "$seen"
finish
