#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh [TEST...]: runs the tests of selftests/tests, all of them or those named, on this machine: a
# virtual one that tools/vm.sh booted. Prints KTAP. Exit status: 0 all passed, 1 not.
#
# The kernel's log is part of the verdict: a line of level warning or worse, or one of those that
# tools/klog-scan.sh knows, fails the test that ran at the time. A test that wants some writes them
# to $KLOG_EXPECTED, one extended regular expression a line.
# Environment: SLOWER, how many times the usual seconds a test may take: on a debug kernel.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/harness.sh"

# tools/tests/harness.t has tests, a log and settings of its own.
tests=${TESTS:-$here/tests}
settings=${SETTINGS:-$here/settings}
kmsg=${KMSG:-/dev/kmsg}

results=$(mktemp)
KLOG_EXPECTED=$(mktemp)
export KLOG_EXPECTED
trap 'rm -f "$results" "$KLOG_EXPECTED"' EXIT

# Loading the first module from outside the kernel's tree says so. Where all takes longer, so does what the watchdog looks for.
usual='loading out-of-tree module taints kernel|module verification failed: signature'
# A host that is busy lets the emulated timer fire late.
usual="$usual|CE: hpet increased min_delta_ns"
[ "${SLOWER:-1}" = 1 ] || usual="$usual|ran [0-9]+ ms without a transition"
scan=$here/../tools/klog-scan.sh
complaint="^<[0-4]>|$("$scan" --patterns | paste -sd '|')"

setting() {
	sed -n "s/^$1=//p" "$settings"
}

read_log() {
	if [ -n "${KLOG:-}" ]; then
		cat "$KLOG"
	else
		dmesg --raw
	fi
}

before_test() {
	: >"$KLOG_EXPECTED"
	mark="selftests: $1 begins ($test_count.$RANDOM)"
	echo "<6>$mark" >>"$kmsg"
}

after_test() {
	local lines
	# The log may be large, and what is looked for is ASCII.
	local -x LC_ALL=C
	lines=$(read_log | awk -v mark="$mark" '
		seen { print }
		index($0, mark) { seen = 1 }
		END { if (!seen) print "<0>the log is lost: the marker of this test is not in it" }
	' | "$scan" --judged | grep -avE "$usual")
	[ ! -s "$KLOG_EXPECTED" ] || lines=$(grep -avEf "$KLOG_EXPECTED" <<<"$lines")
	lines=$(grep -aE "$complaint" <<<"$lines") && printf 'the kernel complained\n%s\n' "$lines"
}

run_all() {
	local name limit default
	default=$(setting timeout)
	echo "KTAP version 1"
	for name; do
		limit=$(setting "timeout_$name")
		run_test "$name" $((${limit:-$default} * ${SLOWER:-1})) "$tests/$name.sh"
	done
}

# Enough of them have passed.
minimum() {
	local passed failed skipped
	read -r passed failed skipped < <(awk -f "$ktap_awk" "$results" | tail -n 1)
	echo "$passed passed, at least $(setting minimum) must ($failed failed, $skipped were skipped)"
	[ "$passed" -ge "$(setting minimum)" ]
}

# Page faults on application stacks are counted over all that runs here.
faults=/sys/module/ukl_test_faults/parameters

no_faults() {
	echo "# page faults in application mode: $(cat $faults/application), of those made on purpose:" \
		"$(cat $faults/deliberate); in the kernel in all: $(cat $faults/kernel)"
	[ "$(cat $faults/application)" = "$(cat $faults/deliberate)" ] && [ "$(cat $faults/deliberate)" != 0 ]
}

if [ -z "${TESTS:-}" ]; then
	# Some tests leave thousands of connections in TIME_WAIT and others look for one. A machine of 2 GB has
	# room for 8192, and beyond that they are closed at once.
	sysctl -qw net.ipv4.tcp_max_tw_buckets=131072 || exit 1
	insmod "$here/../build/modules/ukl_test_faults.ko" || exit 1
fi

exec 3>&1
{
	if [ $# -gt 0 ]; then
		run_all "$@"
	else
		# shellcheck disable=SC2046
		run_all $(find "$tests" -maxdepth 1 -name '*.sh' -printf '%f\n' | sed 's/\.sh$//' | sort)
		if [ -z "${TESTS:-}" ]; then
			no_faults
			result "no page fault in application mode" no_faults
		fi
		result "minimum" minimum
	fi
	echo "1..$test_count"
	[ "$test_failed" = 0 ]
} > >(tee "$results" >&3)
