# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# What the tests share: KTAP results, modules, the cases of ukl_test.ko. For bash; sourced.

: "${KTAP_HELPERS:=/usr/src/linux/tools/testing/selftests/kselftest/ktap_helpers.sh}"
# shellcheck source=/dev/null
. "$KTAP_HELPERS"

build=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build
modules=$build/modules
peer=$build/selftests/peer
process=$build/selftests/process
run_process=$build/selftests/run_process
ukl_debugfs=/sys/kernel/debug/ukl
cases=/sys/kernel/debug/ukl_test
# What is too slow for a promise that has a limit: milliseconds.
stop_limit=$((2000 * ${SLOWER:-1}))

ulimit -n 4096
test_output=$(mktemp)
trap 'rm -f "$test_output"; unload_all' EXIT

# note TEXT: diagnostics that are shown in any case, such as a time.
exec 4>&1
note() {
	echo "# $*" >&4
}

# check NAME COMMAND...: one result; what COMMAND prints is shown if it fails.
check() {
	local name=$1 status
	shift
	# Not in a subshell: a test may leave things behind for the next one.
	"$@" >"$test_output" 2>&1
	status=$?
	if [ "$status" = 0 ]; then
		ktap_test_pass "$name"
	else
		sed 's/^/# /' "$test_output"
		ktap_test_fail "$name"
	fi
}

# finish: ends the test with what its results come to.
finish() {
	echo "1..$((KTAP_TESTNO - 1))"
	KSFT_NUM_TESTS=$((KTAP_TESTNO - 1))
	ktap_finished
}

# expect_in_log REGEX: what the kernel may say during this test, at a level that fails it otherwise.
expect_in_log() {
	[ -z "${KLOG_EXPECTED:-}" ] || echo "$1" >>"$KLOG_EXPECTED"
}

# expect_containment: applications are ended for what they do.
expect_containment() {
	expect_in_log 'ukl: [^ ]+: SIG[A-Z]+ in .*: the application is ended$'
}

# expect_reports: they do what the kernel reports in full before ukl.ko can contain it. For boots of their own: see
# selftests/contain.sh.
expect_reports() {
	expect_containment
	expect_in_log 'BUG: unable to handle page fault for address|BUG: kernel NULL pointer dereference|kernel BUG at '
	expect_in_log '#PF: (supervisor|error_code)|P[GM4]D |PUD |PTE |Oops: |CPU: |Tainted: |Hardware name: |Call Trace:'
	expect_in_log '(RIP|Code|RSP|RAX|RDX|RBP|R10|R13|FS|CS|CR2|PKRU): '
	# The list of modules is printed in pieces, with those of another CPU in between.
	expect_in_log '^<4>\[[^]]*\] +([a-z_0-9]+(\([A-Z]+\))? ?)+$'
	expect_in_log 'Modules linked in:|\[last unloaded: |\(OE\)|---\[ end trace |kernel tried to execute NX-protected page'
}

# nothing_runs: no application is in the tables.
nothing_runs() {
	[ "$(wc -l <"$ukl_debugfs/apps")" = 1 ] && [ "$(wc -l <"$ukl_debugfs/threads")" = 1 ]
}

# sockets: how many there are, of all sorts.
sockets() {
	sed -n 's/^sockets: used //p' /proc/net/sockstat
}

# sockets_at_most N: there are no more than N. Fewer are no wonder: those of an earlier test may have been on their way.
sockets_at_most() {
	[ "$(sockets)" -le "$1" ]
}

# no_more_sockets N: soon there are no more than N of them.
no_more_sockets() {
	until_true 10000 sockets_at_most "$1" && return
	echo "sockets: $1 before, $(sockets) after"
	ss --all --no-header
	return 1
}

# kernel_memory: what the kernel has in kB of what is for good, give or take what it keeps for later.
kernel_memory() {
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^(SUnreclaim|VmallocUsed|KernelStack|Percpu|PageTables):/ { n += $2 } END { print n }' /proc/meminfo
}

# On a debug kernel, KASAN keeps what is freed, up to a 32nd of all memory, and pages for what it knows of vmalloc. There,
# kmemleak looks for what is lost.
kasan=$(zcat /proc/config.gz 2>/dev/null | grep -c '^CONFIG_KASAN=y')

# same_memory KB: it has no more of it than that, give or take 6 MB.
same_memory() {
	local after kept
	after=$(kernel_memory)
	kept=$((kasan * $(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) / 32))
	echo "$1 kB before, $after kB after; KASAN may keep $kept kB"
	[ "$after" -lt $(($1 + 6000 + kept)) ]
}

# run_program [ARGUMENT...]: the test program in a process: $pid, whose output is in $output.
run_program() {
	start_process "$run_process" ukl_test_process "$@"
}

# start_process COMMAND...: the same, with a command of its own.
start_process() {
	output=$(mktemp)
	"$@" >"$output" 2>&1 &
	pid=$!
}

# says TEXT: the program that runs says a line that begins so.
says() {
	until_true 20000 grep -q "^$1" "$output" || {
		echo "it does not say \"$1\":"
		cat "$output"
		return 1
	}
}

# ends STATUS [MS]: it ends so.
ends() {
	local status
	if ! until_true "${2:-20000}" is_dead "$pid"; then
		echo "it does not end"
		kill -KILL "$pid"
		wait "$pid"
		return 1
	fi
	wait "$pid"
	status=$?
	[ "$status" = "$1" ] && until_true 20000 nothing_runs && return
	echo "status $status, expected $1"
	cat "$output" "$ukl_debugfs/apps"
	return 1
}

is_dead() {
	[ ! -e "/proc/$1/stat" ] || grep -q ') Z ' "/proc/$1/stat"
}

# threads_of PID [MODE]: how many threads it has in the table.
threads_of() {
	awk -F '\t' -v pid="$1" -v mode="${2:-}" '$2 == pid && (mode == "" || $4 == mode) { n++ } END { print n + 0 }' \
		"$ukl_debugfs/threads"
}

loaded() {
	[ -d "/sys/module/$1" ]
}

# load MODULE [PARAMETER...]: loads it unless it is there; what it depends on must be.
load() {
	loaded "$1" || insmod "$modules/$1.ko" "${@:2}"
}

unload_all() {
	local module
	for module in ukl_test_process ukl_test_upper ukl_test_lower ukl_test_leak ukl_test_forget ukl_test hello chat echo kv \
		redis memcached ends hello_c calls rare scarce threads float strings ukl_linux ukl; do
		! loaded "$module" || rmmod "$module"
	done
}

# want MODULE...: loads them, or ends the test: without them there is nothing to test.
want() {
	local module
	for module; do
		load "$module" || ktap_exit_fail_msg "cannot load $module.ko"
	done
}

now_ms() {
	local now=${EPOCHREALTIME/./}
	echo "${now%???}"
}

# within MS COMMAND...: runs COMMAND and fails if it fails or took longer.
within() {
	local limit=$1 start status
	shift
	start=$(now_ms)
	"$@"
	status=$?
	start=$(($(now_ms) - start))
	note "$* took $start ms, at most $limit are allowed"
	[ "$status" = 0 ] && [ "$start" -le "$limit" ]
}

# until_true MS COMMAND...: tries until COMMAND succeeds, for at most MS, or longer on a slow machine.
until_true() {
	local end
	end=$(($(now_ms) + $1 * ${SLOWER:-1}))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# run_case NAME [ARGUMENTS]: runs a case of ukl_test.ko.
run_case() {
	echo "$*" >"$cases/run" || return 1
	show_result
}

# show_result: prints what the case said; fails unless it passed.
show_result() {
	local verdict
	{
		read -r verdict
		cat
	} <"$cases/result"
	[ "$verdict" = pass ]
}

# run_cases NOUN [COMMAND]: one result for each case NOUN.* of ukl_test.ko, run by COMMAND.
run_cases() {
	local name
	want ukl ukl_test
	while read -r name; do
		echo "<6>selftests: case $name" >/dev/kmsg
		check "${name#*.}" "${2:-run_case}" "$name"
	done < <(grep "^$1\." "$cases/cases")
}

# note_result: shows what the case said in any case, such as times.
note_result() {
	sed 1d "$cases/result" | sed 's/^/# /' >&4
}

# run_noted NAME [ARGUMENTS]: run_case and note_result.
run_noted() {
	local status=0
	run_case "$@" || status=$?
	note_result
	return $status
}

# table FILE APP COLUMN: a column of the line, or lines, of an application in a table of debugfs.
table() {
	awk -F '\t' -v app="$2" -v column="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == app { print $at[column] }
	' "$ukl_debugfs/$1"
}
