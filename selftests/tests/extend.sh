#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Calls of other modules, and what they keep for an application, on kernel threads and in a process.
. "$(dirname "$0")/../lib.sh"

parameters=/sys/module/ukl_test_process/parameters

# call PART...: a part that ends by itself.
call() {
	run_program call "$@"
	ends 0
}

# interrupted TEXT SIGNAL... -- PART...: the part is interrupted by signals, and says what came of it.
interrupted() {
	local text=$1 signal
	local -a signals=()
	shift
	while [ "$1" != -- ]; do
		signals+=("$1")
		shift
	done
	shift
	run_program call "$@"
	says ready || return 1
	for signal in "${signals[@]}"; do
		# One that is stopped is in none.
		[ "$signal" = CONT ] || until_true 20000 in_kernel || return 1
		sleep 0.1
		kill "-$signal" "$pid"
	done
	says "$text" && ends 0
}

# before TEXT PART...: the part says what came of a signal that was there before.
before() {
	local text=$1
	shift
	run_program call before "$@"
	says "$text" && ends 0
}

# In the middle of the call.
in_kernel() {
	[ "$(threads_of "$pid" kernel)" = 1 ]
}

stopped() {
	run_program call stopped
	says ready || return 1
	kill "-$1" "$pid"
	ends "$2"
}

bypassed() {
	local n status=0
	run_program call bypassed
	says 'runs 100' || status=1
	n=$(table threads ukl_test_process bypassed)
	echo "$n were bypassed"
	# With one in the middle of each, which is refused; interrupts may end them.
	[ "$n" -gt 0 ] && [ "$n" -le 200 ] || status=1
	kill "$pid"
	ends 143 && return $status
}

count() {
	cat "$parameters/$1"
}

# keeps STATUS ARGUMENT...: something is attached while the program runs, and released once when it ends.
# HOW says how it is ended, if not by itself.
keeps() {
	local status=$1 attached released
	attached=$(count attached)
	released=$(count released)
	shift
	UKL_TEST_ATTACH=1 run_program "$@"
	if [ -n "${how:-}" ]; then
		says ready || return 1
		[ "$(count released)" = "$released" ] || return 1
		kill "-$how" "$pid"
	fi
	ends "$status" || return 1
	until_true 20000 is_released $((released + 1)) || {
		cat "$output"
		echo "released: $(count released), $released before"
		return 1
	}
	[ "$(count attached)" = $((attached + 1)) ]
}

is_released() {
	[ "$(count released)" = "$1" ]
}

keeps_until() {
	local how=$1
	shift
	keeps "$@"
}

ktap_print_header
expect_containment
run_cases extend
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
check "call: what it returns, where it runs" call results
check "call: made again after what is none of the application's business" \
	interrupted '5, runs 3' STOP CONT STOP CONT -- ignored
check "call: interrupted by a signal that is handled" interrupted '-4, runs 1, handled 1' USR1 -- handled
check "call: made again after it with SA_RESTART" interrupted '5, runs 2, handled 1' USR1 -- handled restart
check "call: not after a plain EINTR" interrupted '-4, runs 1, handled 1' USR1 -- broken
check "call: a signal that came before it" before '3, runs 1, handled 1'
check "call: or before it waits for events" before '-4, runs 0, handled 1' polling
check "call: SIGTERM" stopped TERM 143
check "call: SIGKILL" stopped KILL 137
check "call: bypassed" bypassed
check "attached: main returns" keeps 3 exit 3
check "attached: ukl_exit()" keeps 4 over deep 4 spin sleep
check "attached: ukl_exit() on another thread" keeps 5 over sleep 5 recv
check "attached: a fault" keeps 134 fault abort
check "attached: a fault on another thread" keeps 134 fault abort 1
for command in sleep spin receive stubborn "mixed 14"; do
	# shellcheck disable=SC2086
	check "attached: SIGKILL, $command" keeps_until KILL 137 $command
done
check "attached: SIGTERM" keeps_until TERM 143 calls
check "nothing is attached any more" test "$(count attached)" = "$(count released)"
finish
