# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# One fault of a kind, on each carrier and thread: what is to be seen of it. For bash; sourced after lib.sh.

# said SIGNAL FUNCTION TID: the one line of the log, since the mark.
said() {
	dmesg | awk -v mark="$mark" 'index($0, mark) { seen = 1 } seen && /ukl: / { print }' >/tmp/said
	cat /tmp/said
	[ "$(grep -c 'the application is ended$' /tmp/said)" = 1 ] &&
		grep -qE "ukl: ukl_test_process/$3: SIG$1 in $2\+0x[0-9a-f]+/0x[0-9a-f]+( \[ukl_test_process\])?(, address 0x[0-9a-f]+)?: the application" /tmp/said
}

begin_mark() {
	mark="selftests: a fault ($RANDOM$RANDOM)"
	echo "<6>$mark" >/dev/kmsg
}

# Where it is said to be: "call" is blamed on the caller, "memcpy" on what was called.
function_of() {
	case $1 in
	memcpy) echo '(memset|__memset|memset_orig)' ;;
	abort) echo 'fault_abort' ;;
	*) echo "fault_$1" ;;
	esac
}

# in_a_process KIND SIGNAL THREAD: the process ends by the signal; its sockets are closed.
in_a_process() {
	local before tid
	before=$(sockets)
	begin_mark
	run_program fault "$1" "$3"
	ends $((128 + $(kill -l "$2"))) || return 1
	tid=$pid
	[ "$3" = 0 ] || tid='[0-9]+'
	said "$2" "$(function_of "$1")" "$tid" && no_more_sockets "$before"
}

# on_a_kernel_thread KIND SIGNAL THREAD: its status is -EFAULT, it is gone, and so is what it had open.
on_a_kernel_thread() {
	local before
	before=$(sockets)
	begin_mark
	echo "$1 $3" >/sys/module/ukl_test_process/parameters/fault || return 1
	said "$2" "$(function_of "$1")" '[0-9]+' && no_more_sockets "$before" && nothing_runs
}

each_fault_begin() {
	want ukl
	load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
}

# each_fault KIND SIGNAL
each_fault() {
	local thread
	for thread in 0 1; do
		check "$1 in a process, thread $thread" in_a_process "$1" "$2" $thread
		check "$1 on a kernel thread, thread $thread" on_a_kernel_thread "$1" "$2" $thread
	done
}

# An application on kernel threads that faults stays listed until its module stops it, with no thread.
others_end_too() {
	rmmod ukl_test_process || return 1
	insmod "$modules/ukl_test_process.ko" fault_at_start=ud2 || return 1
	until_true 20000 no_threads || {
		cat "$ukl_debugfs/threads"
		return 1
	}
	[ "$(table apps ukl_test_process threads)" = 0 ]
}

no_threads() {
	[ "$(wc -l <"$ukl_debugfs/threads")" = 1 ]
}
