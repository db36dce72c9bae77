#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Random requests to /dev/ukl from many threads of several processes (selftests/fuzz.c): the kernel says nothing,
# and nothing is left. FUZZ_SECONDS, FUZZ_SEED: how long, and which.
. "$(dirname "$0")/../lib.sh"

: "${FUZZ_SECONDS:=60}"
seed=${FUZZ_SEED:-$RANDOM$RANDOM}

fuzz() {
	"$build/selftests/fuzz" --seed "$seed" --seconds "$FUZZ_SECONDS" || return 1
}

fuzz_noted() {
	local status
	note "seed $seed, $FUZZ_SECONDS s"
	fuzz >/tmp/fuzz.out 2>&1
	status=$?
	sed 's/^/# /' /tmp/fuzz.out >&4
	return $status
}

ktap_print_header
expect_containment
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
before=$(sockets)
# Once before, for what the kernel only makes once.
"$build/selftests/fuzz" --seed 1 --seconds 3 >/dev/null 2>&1
until_true 20000 nothing_runs
memory_before=$(kernel_memory)
check "requests" fuzz_noted
check "no application is left" until_true 20000 nothing_runs
check "no socket is left" no_more_sockets "$before"
check "no memory is left" same_memory "$memory_before"
check "the modules unload" rmmod ukl_test_process ukl
finish
