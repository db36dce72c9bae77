#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Applications that end as a whole (ukl_exit()) and threads that end themselves, from wherever they and the others
# are; and the thread-local storage of each.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../leak.sh"

ukl=$build/bin/ukl
kinds=(spin calls bypass disabled sleep futex recv pause handler handler-spin handler-pause)

command_run() {
	start_process "$ukl" run ukl_test_process -- "$@"
}

# is_over WHO STATUS KIND...: it ends with the status, soon, whatever the other threads do, and leaves nothing.
is_over() {
	local before begin
	before=$(sockets)
	command_run over "$@"
	says ready || return 1
	begin=$(now_ms)
	ends "$2" 10000 || return 1
	begin=$(($(now_ms) - begin))
	echo "it took $begin ms"
	[ "$begin" -le $((3000 * ${SLOWER:-1})) ] || return 1
	[ "$(cat "$output")" = ready ] || {
		cat "$output"
		return 1
	}
	no_more_sockets "$before" || return 1
	rm -f "$output"
}

not_shown() {
	"$ukl" ps
	! "$ukl" ps | grep ukl_test_process
}

# A negative one is what it is when main returns it.
negative() {
	command_run over first -98
	ends 1 && says ready && grep -q 'ended with EADDRINUSE' "$output"
}

# By the tests' own command, which kicks nobody.
by_itself() {
	run_program over "$@"
	says ready && ends "$2"
}

threads_end_themselves() {
	command_run thread-exit "$1"
	ends 7
}

# Several at once: one of them says the status.
race() {
	local status
	command_run race "$1"
	until_true 10000 is_dead "$pid" || return 1
	wait "$pid"
	status=$?
	echo "status $status"
	[ "$status" -ge 1 ] && [ "$status" -le "$1" ] && until_true 20000 nothing_runs
}

# A signal to stop in the middle of it.
with_a_signal() {
	command_run over sleep 3 pause spin
	says ready || return 1
	kill -TERM "$pid"
	until_true 10000 is_dead "$pid" || return 1
	wait "$pid"
	until_true 20000 nothing_runs
}

tls() {
	start_process "$@"
	ends 0 || return 1
	cat "$output"
	[ "$(cat "$output")" = "done" ]
}

over_quietly() {
	is_over deep 5 "${kinds[@]}" 4>/dev/null
}

no_leak() {
	leaks "$@"
	[ $? = 1 ]
}

ktap_print_header
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
for who in first deep handler bypass; do
	check "ukl_exit(), $who, alone" is_over $who 3
	check "ukl_exit(), $who, with others of all kinds" is_over $who 4 "${kinds[@]}"
done
for kind in "${kinds[@]}"; do
	check "ukl_exit() while another one is in: $kind" is_over first 5 "$kind" "$kind"
	check "ukl_exit() on another thread; the first is in: $kind" is_over "$kind" 6
done
check "none ended with interrupts disabled" test "$(cat /sys/module/ukl_test_process/parameters/disabled)" = 0
check "ukl ps shows nothing" not_shown
check "status 0" is_over first 0 sleep
check "status 255" is_over sleep 255 pause
check "a negative status" negative
for who in first sleep spin recv; do
	check "ukl_exit() without a kick, $who" by_itself $who 8 spin sleep recv futex bypass
done
check "ukl_thread_exit()" threads_end_themselves 20
for n in 2 5 40; do
	check "$n threads call ukl_exit() at once" race $n
done
for round in 1 2 3; do
	check "a signal in the middle of it, $round" with_a_signal
done
check "thread-local storage" tls "$ukl" run ukl_test_process -- tls 20 7
check "thread-local storage, on one CPU" tls taskset -c 1 "$ukl" run ukl_test_process -- tls 20 7
check "thread-local storage, by another command" tls "$run_process" ukl_test_process tls 20 7
check "nothing is leaked" no_leak 3 over_quietly
check "the module is not in use" rmmod ukl_test_process
check "ukl is not in use" rmmod ukl
rm -rf "$seen"
finish
