#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A cgroup whose limit is smaller than what the application asks for: it gets -ENOMEM, or the OOM killer ends it.
. "$(dirname "$0")/../lib.sh"

cgroup=/sys/fs/cgroup/ukl_test

# within_limit BYTES STATUS TEXT ARGUMENT...: its end is one of the two; the machine and others go on.
within_limit() {
	local status
	echo "$1" >"$cgroup/memory.max"
	# shellcheck disable=SC2016
	start_process sh -c 'echo 0 >"$0/cgroup.procs" && echo 1000 >/proc/self/oom_score_adj && exec "$@"' \
		"$cgroup" "$run_process" "${@:4}"
	if ! until_true 100000 is_dead_or_says "$3"; then
		cat "$output"
		return 1
	fi
	is_dead "$pid" || kill -KILL "$pid"
	wait "$pid"
	status=$?
	cat "$output"
	grep -E '^oom|^max' "$cgroup/memory.events"
	until_true 20000 nothing_runs || return 1
	# Nothing of it is left.
	until_true 20000 given_back || return 1
	if grep -q "$3" "$output"; then
		return 0
	fi
	[ $status = "$2" ] || { [ $status = 137 ] && [ "$(sed -n 's/^oom_kill //p' "$cgroup/memory.events")" -gt 0 ]; }
}

is_dead_or_says() {
	is_dead "$pid" || grep -q "$1" "$output"
}

given_back() {
	[ "$(sed -n 's/^kernel //p' "$cgroup/memory.stat")" -lt 3000000 ]
}

reset_cgroup() {
	rmdir "$cgroup" 2>/dev/null
	mkdir "$cgroup"
}

ktap_print_header
# All of its report.
expect_in_log '^<4>|Memory cgroup out of memory|oom_reaper'
expect_in_log 'Out of memory: Killed process'
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
reset_cgroup
check "heap" within_limit 20M 244 '^after [0-9]* MB: -ENOMEM' ukl_test_process alloc 200
reset_cgroup
check "stacks" within_limit 20M 244 '^[0-9]* -12$' -s 1048576 ukl_test_process spawn 200
reset_cgroup
check "the first stack" within_limit 8M 125 'Cannot allocate memory' -s 33554432 ukl_test_process exit 0
reset_cgroup
check "threads of all kinds" within_limit 6M 244 'never' ukl_test_process mixed 200
# The machine's own memory: what ukl_alloc() takes is not in the process's RSS, so the OOM killer has to be told. It looks
# for the next one before the first has given back what it has; there are some that nobody will miss.
reset_cgroup
others=()
for _ in {1..30}; do
	(echo 900 >/proc/self/oom_score_adj && exec sleep 1000) &
	others+=($!)
done
check "more than there is" within_limit max 244 '^after [0-9]* MB: -ENOMEM' ukl_test_process alloc 100000
kill "${others[@]}" 2>/dev/null
rmdir "$cgroup"
check "the modules unload" rmmod ukl_test_process ukl
finish
