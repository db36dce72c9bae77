#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Random calls from several threads, whose answers are compared with what each thread knows of its objects
# (selftests/modules/random.c): all are right, the kernel says nothing, and nothing is left. RANDOM_SECONDS,
# RANDOM_SEED, RANDOM_THREADS: how long, which, and from how many threads.
. "$(dirname "$0")/../lib.sh"

: "${RANDOM_SECONDS:=20}" "${RANDOM_THREADS:=4}"
seed=${RANDOM_SEED:-$RANDOM$RANDOM}

is_over() {
	[ "$(table apps random.calls threads)" = 0 ]
}

# The application is still there when its first thread has ended.
calls() {
	echo "random.calls $1 $2 $RANDOM_THREADS" >"$cases/start" || return 1
	until_true $((($2 + 400) * 1000)) is_over
	sed "s/random.calls/app/" "$ukl_debugfs/apps" >/tmp/random.apps
	echo 1 >"$cases/stop"
	show_result
}

calls_noted() {
	local status=0
	note "seed $seed, $RANDOM_SECONDS s"
	calls "$seed" "$RANDOM_SECONDS" || status=$?
	note_result
	return $status
}

# has_none COLUMN...: what the application had when its threads were done.
has_none() {
	cat /tmp/random.apps
	awk -F '\t' -v columns="$*" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == "app" {
			seen = 1
			n = split(columns, column, " ")
			for (i = 1; i <= n; i++)
				if (!(column[i] in at) || $at[column[i]] != 0)
					bad = 1
		}
		END { exit bad || !seen }
	' /tmp/random.apps
}

ktap_print_header
want ukl ukl_test
before=$(sockets)
# Once before, for what the kernel only makes once.
calls 1 2 >/dev/null
memory_before=$(kernel_memory)
check "$RANDOM_THREADS threads for $RANDOM_SECONDS s" calls_noted
check "each thread gave back what it had" has_none sockets event_sets files memory threads
check "no application is left" until_true 20000 nothing_runs
check "no socket is left" no_more_sockets "$before"
check "no memory is left" same_memory "$memory_before"
check "the modules unload" rmmod ukl_test ukl
rm -f /tmp/ukl_test.random.*
finish
