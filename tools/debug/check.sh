#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317,SC2329 # some functions are called by name
# check.sh: the self-tests on debug kernels, `make check-debug`. Prints KTAP as it goes, then the failures, then one line
# of counts. Each boot's kernel log is scanned, but not as a whole where tests make the kernel complain: awake, fail.
# Environment:
#   NIGHTLY=1  all self-tests, on all variants, and fuzzing for FUZZ_SECONDS (1800) on the kernel with KASAN
#   BOOTS=""   only these boots
set -u
self=check-debug
. "$(dirname "$0")/../lib.sh"
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
build=$clone/build
. "$clone/selftests/harness.sh"
cd "$clone" || exit
log=$build/check-debug.log

# What the checkers have most to say of, in the time there is: threads and their ends, locks, references, memory.
quick='app connect fuzz random rcu rules sock unload'
preempt='bypass hotplug interrupt kill mode signal stop stress thread'
all=$(find selftests/tests -name '*.sh' -printf '%f\n' | sed 's/\.sh$//' | sort | tr '\n' ' ')

# See selftests/debug/leaked.sh. Modules that are loaded with failures do not run their KUnit suites each time.
leaks='kmemleak=on slab_debug=F'

# boot NAME KERNEL SECONDS ARGUMENTS TESTS...: a machine of its own for some tests.
boot() {
	local name=$1 kernel=$2 seconds=$3 arguments=$4
	shift 4
	NAME=debug-$name KERNEL=$kernel TIMEOUT=$seconds APPEND=$arguments CPUS=${BOOT_CPUS:-2} MEMORY=${BOOT_MEMORY:-4G} LOAD=0 tools/vm.sh \
		"KERNEL=$kernel SLOWER=10 ${FOLDER:+TESTS=selftests/$FOLDER} FUZZ_SECONDS=$FUZZ_SECONDS \
		RANDOM_SECONDS=$FUZZ_SECONDS bash selftests/run.sh $*"
}

clean_log() {
	tools/klog-scan.sh "$build/vm/debug-$1/dmesg.log"
}

preempted() {
	grep -qa 'Dynamic Preempt: full' "$build/vm/debug-$1/dmesg.log"
}

# wanted NAME: whether BOOTS has it.
wanted() {
	[ -z "${BOOTS:-}" ] || [[ " $BOOTS " == *" $1 "* ]]
}

# judged NAME ARGUMENTS: what a boot has to show besides its tests.
judged() {
	[[ $1 == awake* || $1 == fail ]] || result "$1: the kernel's log" clean_log "$1"
	[[ $2 != *preempt=full* ]] || result "$1: the kernel is preempted in full" preempted "$1"
}

# booted NAME KERNEL SECONDS ARGUMENTS TESTS...: its results.
booted() {
	wanted "$1" || return 0
	run_test "$1" $(($3 + 60)) bash -c 'boot "$@"' bash "$@"
	judged "$1" "$4"
}

# A boot keeps one CPU busy, and seldom both, so that two go on side by side. The results of the others are shown by `joined`
# when all of them are done.
recorded() {
	! wanted "$1" || aside "$build/debug/$1" boot "$@"
}

# joined NAME ARGUMENTS: the results of a boot that was recorded.
joined() {
	wanted "$1" || return 0
	run_test "$1" 60 bash -c 'replay "$@"' bash "$build/debug/$1"
	judged "$1" "$2"
}

export -f boot replay

in_debug() {
	local -x FOLDER=debug
	"$@"
}

nightly() {
	[ "${NIGHTLY:-0}" = 1 ]
}

variants=kasan fuzz_seconds=20
! nightly || variants='kasan kcsan' fuzz_seconds=1800
export FUZZ_SECONDS=${FUZZ_SECONDS:-$fuzz_seconds}
for variant in $variants; do
	tools/debug/kernel.sh "$variant" && tools/debug/modules.sh "$variant" || exit
done
tools/enter.sh make -s -C selftests CC="$(sed -n 's/^cc=//p' "$build/versions")" || exit
rm -f "$build"/debug/*.status
beside() {
	# On one CPU a grace period of RCU is over at once, and each module that goes waits for some.
	BOOT_CPUS=1 in_debug recorded fail kasan 3600 "$leaks kunit.enable=0" fail
	# The less there is, the sooner it is filled.
	BOOT_MEMORY=1536M in_debug recorded logic kasan 1800 '' kunit pressure
	if nightly; then
		in_debug recorded awake_kcsan kcsan 1800 '' awake
		recorded kcsan kcsan 40000 '' "$all"
	fi
}

# What runs beside others does not know of the terminal's interrupt.
trap 'kill 0' INT
{
	echo "KTAP version 1"
	beside &
	others=$!
	if nightly; then
		booted kasan kasan 20000 '' "$all"
		booted preempt kasan 20000 preempt=full "$all"
		booted memory kasan 7200 'slab_debug=FZPU debug_pagealloc=on page_poison=1' "$quick"
	else
		booted kasan kasan 2400 '' "$quick"
		booted preempt kasan 1800 preempt=full "$preempt"
	fi
	in_debug booted awake kasan 1800 "$leaks kasan_multi_shot" awake
	wait "$others"
	joined fail ''
	joined logic ''
	if nightly; then
		joined awake_kcsan ''
		joined kcsan ''
	fi
	echo "1..$test_count"
	echo "# all of it took $SECONDS s"
} </dev/null 2>&1 | tee "$log"

conclude "$log" "build/check-debug.log; the machines' logs: build/vm/debug-*/dmesg.log"
