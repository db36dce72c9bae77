#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Event sets: what is an event, for whom, and when; files and processes; thousands of sockets; everything
# at once; leaks.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../leak.sh"

# Sockets in one set, of which half are made by a connect() each.
many=20000
race_seconds=10
seed=${SEED:-$RANDOM}
fifo=$test_output.fifo

# A process has run a case: what that said counts as well.
by_process() {
	local status=0
	"$process" "$@" || status=1
	show_result || status=1
	return $status
}

no_leak_of() {
	local status
	leaks 15 run_case "$@" >"$seen.found"
	status=$?
	cat "$seen.found"
	[ $status = 1 ]
}

ktap_print_header
run_cases poll
run_cases poll_many
mkfifo "$fifo"
for name in pipe end_of_a_pipe set_and_file always_ready two_wait_queues file_wakes_a_waiter; do
	check "file: $name" run_case poll_file.$name "$fifo"
done
rm "$fifo"
check "woken by a process" by_process wake 300
check "one socket, two handles" by_process twice
check "wait queue that goes away" by_process signal
check "$many sockets in a set" run_noted poll_many.ready $((many / 2)) "$seed"
check "everything at once for $race_seconds s" run_noted poll_many.race $race_seconds "$seed"
check "nothing leaks" no_leak_of poll_many.rounds 8
rm -rf "$seen" "$seen.found"
finish
