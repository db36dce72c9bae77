#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An application is the process that runs it: who it is, what it may, what it takes, and who looks at it.
. "$(dirname "$0")/../lib.sh"

cgroup=/sys/fs/cgroup/ukl_test

identity() {
	run_program identity
	ends 0 || return 1
	cat "$output"
	grep -qx "pid $pid tid $pid" "$output" && grep -qx "getpid $pid gettid $pid" "$output" &&
		grep -qx 'uid 0' "$output" && grep -qx 'mode 2' "$output" && grep -qx 'close -9' "$output"
}

another_user() {
	start_process "$run_process" -u 65534 ukl_test_process identity
	ends 0 || return 1
	cat "$output"
	grep -qx 'uid 65534' "$output"
}

# Each thread of the application is one of the process, and the other way around.
threads_are_tasks() {
	run_program spawn 5
	says '5 0' || return 1
	awk -F '\t' -v pid="$pid" '$2 == pid { print $3 }' "$ukl_debugfs/threads" | sort >/tmp/table
	until_true 20000 six_in_table || return 1
	awk -F '\t' -v pid="$pid" '$2 == pid { print $3 }' "$ukl_debugfs/threads" | sort >/tmp/table
	find "/proc/$pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | diff /tmp/table - || return 1
	kill "$pid"
	ends 143
}

six_in_table() {
	[ "$(threads_of "$pid" kernel)" = 6 ]
}

# as COMMAND -- CHECK...: how the program is started, and what is true of it then, for all of its threads.
as() {
	local -a how=()
	while [ "$1" != -- ]; do
		how+=("$1")
		shift
	done
	shift
	start_process "${how[@]}" "$run_process" ukl_test_process spawn 3
	says '3 0' && "$@"
	local status=$?
	kill "$pid"
	ends 143 && return $status
}

# sleeps LEAST MOST [COMMAND...]: how often a thread sleeps that waits 200 times for another one on its processor.
sleeps() {
	local slept
	start_process taskset -c 0 "${@:3}" "$run_process" ukl_test_process batch
	says slept && ends 0 || return 1
	slept=$(sed -n 's/^slept //p' "$output")
	echo "it slept $slept times"
	[ "$slept" -ge "$1" ] && [ "$slept" -le "$2" ]
}

# stat_is FIELD VALUE: of /proc/PID/stat, of each thread.
stat_is() {
	local task
	for task in "/proc/$pid/task/"*; do
		[ "$(cut -d ' ' -f "$1" "$task/stat")" = "$2" ] || {
			cat "$task/stat"
			return 1
		}
	done
}

status_is() {
	local task
	for task in "/proc/$pid/task/"*; do
		grep -q "$1" "$task/status" || {
			cat "$task/status"
			return 1
		}
	done
}

# On the CPU that it may use, when it computes in the kernel as well.
computes_there() {
	start_process taskset -c 1 "$run_process" ukl_test_process calls
	says ready || return 1
	for _ in {1..20}; do
		stat_is 39 1 || return 1
		sleep 0.01
	done
	# It follows to another one.
	taskset -cp 0 "$pid" >/dev/null
	until_true 20000 stat_is 39 0 || return 1
	kill "$pid"
	ends 143
}

in_cgroup() {
	[ "$(cat "/proc/$pid/cgroup")" = 0::/ukl_test ] && [ "$(wc -l <"$cgroup/cgroup.procs")" = 1 ]
}

start_in_cgroup() {
	# shellcheck disable=SC2016
	start_process sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"
}

cgroup_is_the_processes() {
	start_in_cgroup "$run_process" ukl_test_process spawn 3
	says '3 0' && in_cgroup
	local status=$?
	# Which ends it, with its threads.
	echo 1 >"$cgroup/cgroup.kill"
	ends 137 && return $status
}

frozen() {
	grep -qx "frozen $1" "$cgroup/cgroup.events"
}

# The freezer stops it wherever it makes a call, and lets it go on.
freezes() {
	start_in_cgroup "$run_process" ukl_test_process "$1"
	says ready || return 1
	echo 1 >"$cgroup/cgroup.freeze"
	until_true 20000 frozen 1 || return 1
	calls=$(table threads ukl_test_process calls)
	sleep 0.2
	[ "$(table threads ukl_test_process calls)" = "$calls" ] || return 1
	echo 0 >"$cgroup/cgroup.freeze"
	until_true 20000 frozen 0 || return 1
	kill "$pid"
	ends 143
}

# Its sockets are in the network that the process is in.
network_is_the_processes() {
	local port
	start_process unshare --net bash -c 'ip link set lo up && exec "$@"' sh "$run_process" ukl_test_process serve
	says port || return 1
	port=$(sed -n 's/^port //p' "$output")
	! echo hello | busybox nc -w 1 127.0.0.1 "$port" || return 1
	[ "$(echo hello | nsenter -t "$pid" -n busybox nc -w 2 127.0.0.1 "$port")" = hello ] || return 1
	kill "$pid"
	ends 143
}

# What it has open is seen there: the device, and nothing that is not the process's.
descriptors() {
	run_program receive
	says ready || return 1
	ls -l "/proc/$pid/fd"
	[ "$(find "/proc/$pid/fd" -lname /dev/ukl | wc -l)" = 1 ] && [ "$(table apps ukl_test_process sockets)" = 2 ] || return 1
	kill "$pid"
	ends 143
}

too_many_threads() {
	start_process prlimit --nproc=4 "$run_process" -u 65534 ukl_test_process spawn 10
	says '3 -11$' || return 1
	kill "$pid"
	ends 143
}

# Both of the cgroup: bytes that are charged now.
charged() {
	cat "$cgroup/memory.current"
}

# And of that what is the kernel's.
kernel_charged() {
	sed -n 's/^kernel //p' "$cgroup/memory.stat"
}

# takes BYTES ARGUMENT...: what a program takes is in its figure, in its cgroup, and gone with it.
takes() {
	local bytes=$1 before before_kernel now kernel memory
	shift
	before=$(charged)
	before_kernel=$(kernel_charged)
	start_in_cgroup "$run_process" "$@"
	says "${ready:-ready}" || return 1
	sleep 0.5
	now=$(($(charged) - before))
	kernel=$(($(kernel_charged) - before_kernel))
	memory=$(table apps ukl_test_process memory)
	echo "$memory in the table; charged: $now in all, $kernel of the kernel; at least $bytes"
	[ "$memory" -ge "$bytes" ] && [ "$memory" -le $((bytes * 11 / 10 + 200000)) ] && [ "$now" -ge "$bytes" ] &&
		[ "$kernel" -ge $((bytes * 9 / 10)) ] && [ "$kernel" -le $((bytes * 11 / 10 + 1000000)) ]
	local status=$?
	kill "$pid"
	ends 143 && until_true 10000 given_back "$before_kernel" || status=1
	return $status
}

stacks_take() {
	local ready='20 0'
	takes "$@"
}

given_back() {
	echo "kernel: $(kernel_charged) charged, $1 before"
	[ "$(kernel_charged)" -le $(($1 + 200000)) ]
}

# traced HOW COMMAND: looked at by a tracer while it does that; goes on afterwards.
traced() {
	local calls
	run_program "${@:2}"
	says ready || return 1
	sleep 0.1
	timeout 60 "$build/selftests/tracer" "$1" "$pid" 5 || return 1
	! is_dead "$pid" || return 1
	case $2 in
	calls | stubborn)
		calls=$(table threads ukl_test_process calls)
		sleep 0.2
		[ "$(table threads ukl_test_process calls)" -gt "$calls" ] || return 1
		;;
	esac
	kill "$pid"
	ends 143
}

# What makes no call cannot be stopped, and does not mind.
traced_in_vain() {
	run_program spin
	says ready || return 1
	! timeout -s KILL 3 "$build/selftests/tracer" attach "$pid" 1 || return 1
	! is_dead "$pid" && [ "$(threads_of "$pid" app)" = 1 ] || return 1
	kill -KILL "$pid"
	ends 137
}

traced_to_death() {
	run_program "$1"
	says ready || return 1
	"$build/selftests/tracer" seize "$pid" 1000 >/dev/null &
	sleep 0.3
	kill -KILL "$pid"
	ends 137
	local status=$?
	wait
	return $status
}

ktap_print_header
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p "$cgroup"
check "pid, tid, uid, mode" identity
check "another user" another_user
check "threads are those of the process" threads_are_tasks
check "affinity" as taskset -c 1 -- status_is '^Cpus_allowed:	2$'
check "it computes where it may" computes_there
check "nice" as nice -n 7 -- stat_is 19 7
check "scheduling class" as chrt -b 0 -- stat_is 41 3
check "a batch task lets others run before it waits" sleeps 0 100 chrt -b 0
check "another one does not" sleeps 150 400
check "cgroup" cgroup_is_the_processes
for command in sleep calls bypass; do
	check "freezer, $command" freezes $command
done
check "network" network_is_the_processes
check "descriptors" descriptors
check "RLIMIT_NPROC" too_many_threads
check "memory of ukl_alloc()" takes $((24 << 20)) ukl_test_process alloc 24
check "memory of stacks" stacks_take $((20 * 512 * 1024)) -s $((512 * 1024)) ukl_test_process spawn 20
for how in attach seize step; do
	for command in sleep receive calls stubborn bypass; do
		check "ptrace: $how, $command" traced $how $command
	done
done
check "ptrace: many threads" traced attach busy 12
check "ptrace: it makes no call" traced_in_vain
check "ptrace: killed meanwhile" traced_to_death calls
rmdir "$cgroup"
finish
