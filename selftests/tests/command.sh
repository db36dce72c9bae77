#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ukl run: what it hands over, what it loads and unloads, what it lets an application do.
. "$(dirname "$0")/../lib.sh"

ukl=$build/bin/ukl

# run ARGUMENT...: the test program, by the command.
run() {
	start_process "$ukl" run ukl_test_process -- "$@"
}

environment() {
	start_process env -i A=b EMPTY= "WITH=a = b" "$@" "$ukl" run ukl_test_process -- env
	ends 0 || return 1
	cat "$output"
	printf '%s\n' A=b EMPTY= 'WITH=a = b' | diff - "$output"
}

trace() {
	start_process env -i A=b UKL_TRACE=0 "$ukl" run --trace ukl_test_process -- env
	ends 0 || return 1
	cat "$output"
	printf '%s\n' A=b UKL_TRACE=1 | diff - "$output"
}

# One string cannot be that long, so there are several.
long_text() {
	head -c "$1" /dev/zero | tr '\0' x
}

too_long() {
	start_process "$@"
	ends 126
}

environment_too_long() {
	too_long env -i A="$(long_text 40000)" B="$(long_text 40000)" "$ukl" run ukl_test_process -- exit 1 &&
		grep -qx 'ukl: cannot run ukl_test_process: the environment is longer than 65536 bytes' "$output"
}

arguments_too_long() {
	too_long env -i A=b "$ukl" run ukl_test_process -- exit "$(long_text 40000)" "$(long_text 40000)" &&
		grep -qx 'ukl: cannot run ukl_test_process: its arguments are longer than 65536 bytes' "$output"
}

# To the last byte: 65536 with the name, the "=" and the NUL.
environment_fits() {
	start_process env -i A="$(long_text 65533)" "$ukl" run ukl_test_process -- env-hash
	ends 0 && says '1 65536 ' || return 1
	start_process env -i A="$(long_text 65534)" "$ukl" run ukl_test_process -- env-hash
	ends 126
}

# syscall NAME NUMBER: is refused.
refuses() {
	run syscall "$1"
	says '-38$' && ends 0
}

# Those that a C library keeps for itself, too.
handles() {
	run sigaction "$1" handle default
	ends 0 && [ "$(paste -sd ' ' "$output")" = '0 0' ]
}

# A C library's first thread takes some of its own.
handles_all() {
	run signal all
	ends 0 && says 'handled 61$'
}

handles_not() {
	run sigaction "$1" handle
	ends 0 && says '-22$'
}

all_unloaded() {
	! loaded ukl_test_upper && ! loaded ukl_test_lower && ! loaded ukl
}

# run_upper FILE: the program that depends on another module, from a file.
run_upper() {
	start_process "$ukl" run "${@:2}" "$1"
	ends_by_itself 42
}

# Its tables may be gone with ukl.ko.
ends_by_itself() {
	until_true 20000 is_dead "$pid" || return 1
	wait "$pid"
	local status=$?
	[ "$status" = "$1" ] || {
		echo "status $status, expected $1"
		cat "$output"
		return 1
	}
}

loads_and_unloads() {
	all_unloaded || return 1
	run_upper "$modules/ukl_test_upper.ko" && all_unloaded
}

# What was there before stays.
keeps_what_was_there() {
	load ukl && load ukl-test-lower && run_upper "$modules/ukl_test_upper.ko" || return 1
	loaded ukl_test_lower && loaded ukl && ! loaded ukl_test_upper || return 1
	rmmod ukl_test_lower && rmmod ukl
}

keeps_if_asked() {
	run_upper "$modules/ukl_test_upper.ko" --keep || return 1
	loaded ukl_test_lower && loaded ukl && loaded ukl_test_upper || return 1
	rmmod ukl_test_upper && rmmod ukl_test_lower && rmmod ukl
}

# Unless somebody else uses it.
keeps_what_is_used() {
	local other status=0
	start_process "$ukl" run "$modules/ukl_test_upper.ko" -- wait
	other=$pid
	until_true 10000 loaded ukl_test_upper || return 1
	until_true 10000 runs || return 1
	run_upper "$modules/ukl_test_upper.ko" || status=1
	loaded ukl_test_upper && loaded ukl_test_lower || status=1
	kill "$other"
	until_true 10000 is_dead "$other" || status=1
	until_true 20000 all_unloaded || status=1
	return $status
}

runs() {
	[ "$(table threads ukl_test_upper stack)" != "" ]
}

is_missing() {
	mkdir -p /tmp/alone
	cp "$modules/ukl_test_upper.ko" "$modules/ukl.ko" /tmp/alone
	start_process "$ukl" run /tmp/alone/ukl_test_upper.ko
	ends_by_itself 126 && cat "$output" && all_unloaded &&
		grep -q 'cannot load /tmp/alone/ukl_test_upper.ko, which needs ukl_test_lower: ' "$output"
}

# defaults APP STACK BYPASS SCHED OPTION...: what its threads have.
defaults() {
	local app=$1 stack=$2 bypass=$3 sched=$4 status=0
	shift 4
	start_process "$ukl" run "$@" "$app" -- wait
	until_true 20000 runs || {
		cat "$output"
		return 1
	}
	until_true 20000 has "$stack" "$bypass" "$sched" || status=1
	kill "$pid"
	ends_by_itself 143 && until_true 20000 all_unloaded || status=1
	return $status
}

has() {
	echo "stack $(table threads ukl_test_upper stack), bypass $(table threads ukl_test_upper bypass)"
	chrt -p "$pid"
	[ "$(table threads ukl_test_upper stack)" = "$1" ] && [ "$(table threads ukl_test_upper bypass)" = "$2" ] &&
		chrt -p "$pid" | grep -q "policy: SCHED_$3\$"
}

# Where modprobe finds them.
install_modules() {
	local to
	to=/lib/modules/$(uname -r)/updates
	mkdir -p "$to" && cp "$modules"/{ukl,ukl_test_upper,ukl-test-lower}.ko "$to" && depmod
}

ktap_print_header
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
check "environment" environment
check "--trace" trace
check "an environment that is too long" environment_too_long
check "the longest environment" environment_fits
check "arguments that are too long" arguments_too_long
# clone, fork, vfork, exit, exit_group, rt_sigaction, brk, arch_prctl, set_tid_address, clone3
for number in 56 57 58 60 231 13 12 158 218 435; do
	check "system call $number is refused" refuses $number
done
for signal in 1 15 32 33 34 63; do
	check "signal $signal can be handled" handles $signal
done
for signal in 9 19 64; do
	check "signal $signal cannot" handles_not $signal
done
check "all signals reach the application" handles_all
rmmod ukl_test_process
rmmod ukl
check "what a module depends on is loaded and unloaded" loads_and_unloads
check "what was there stays" keeps_what_was_there
check "--keep" keeps_if_asked
check "what somebody else uses stays" keeps_what_is_used
check "what a module depends on is not there" is_missing
check "a module says its stack, bypass and policy" defaults "$modules/ukl_test_upper.ko" 1048576 64 BATCH
check "the command line says others" defaults "$modules/ukl_test_upper.ko" 131072 3 OTHER --stack 128K --bypass 3 \
	--sched other
check "modules are installed" install_modules
check "modprobe finds them" defaults ukl_test_upper 1048576 64 BATCH
check "and the command line says others" defaults ukl_test_upper 32768 0 OTHER --stack 32K --bypass 0 --sched other
finish
