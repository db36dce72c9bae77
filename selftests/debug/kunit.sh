#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites of the modules, which run when these are loaded. What needs nothing of the kernel runs in user space
# too: tools/tests/logic.t, resp.t.
. "$(dirname "$0")/../lib.sh"

results=/sys/kernel/debug/kunit

passed() {
	cat "$results/$1/results"
	grep -q "^ok [0-9]* $1$" "$results/$1/results" && ! grep -q 'not ok\|# SKIP' "$results/$1/results"
}

ktap_print_header
expect_in_log 'TAINT_TEST|kernel with test taint'
want ukl kv
while read -r suite; do
	check "$suite" passed "$suite"
	grep -E '^ +(not )?ok ' "$results/$suite/results" | sed 's/^ */# /' >&4
done < <(grep -rhoP 'kunit_tests\(\K\w+' "$build/../ukl_mod" "$build/../rust" "$build/../samples" | sort)
finish
