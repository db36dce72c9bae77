# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Runs tests one after the other and gives each one verdict. For bash; sourced by selftests/run.sh
# in the machine and by tools/check.sh outside of it.
#
# A test is a program that prints KTAP and ends with 0 (passed), 1 (failed) or 4 (skipped).

ktap_awk=$(dirname "${BASH_SOURCE[0]}")/../tools/ktap.awk
test_count=0
test_failed=0
# Seconds that a test which is killed has to go away. A task that hangs in the kernel ends for no signal.
: "${HARNESS_GRACE:=15}"

# What to do around a test. after_test prints what is wrong; that makes the test fail.
before_test() { :; }
after_test() { :; }

# verdict LOG STATUS LIMIT: why a test that printed LOG and ended with STATUS has failed, or nothing.
verdict() {
	local passed failed skipped
	read -r passed failed skipped < <(awk -f "$ktap_awk" "$1" | tail -n 1)
	case $2 in
	0) if [ "$failed" != 0 ]; then
		echo "not ok, though its exit status is 0"
	elif [ $((passed + skipped)) = 0 ]; then
		echo "no results"
	fi ;;
	4) [ "$failed" = 0 ] || echo "not ok, though it says that it was skipped" ;;
	'') echo "does not end, not even when it is killed" ;;
	124 | 137) echo "TIMEOUT after $3 s" ;;
	129 | 1[3-5]? | 16?) echo "ended by signal $(($2 - 128))" ;;
	*) echo "exit status $2" ;;
	esac
}

# run_test NAME LIMIT COMMAND...: runs a test for at most LIMIT seconds, prints what it prints as
# subtests, then its result.
run_test() {
	local name=$1 limit=$2 log status='' why job end complaints start=$SECONDS
	shift 2
	log=$(mktemp)
	mkfifo "$log.end"
	exec {end}<>"$log.end"
	test_count=$((test_count + 1))
	before_test "$name"
	printf '  # Subtest: %s\n' "$name"
	{
		{
			timeout -k 5 "$limit" "$@" </dev/null 2>&1 {end}>&-
			echo $? >"$log.status"
		} | tee "$log" | sed -u 's/^/  /'
		echo >&"$end"
	} &
	job=$!
	# Not by killing what waits for so long: a shell that is killed before it has forgotten the traps of its parent runs them.
	! read -r -t $((limit + HARNESS_GRACE)) -u "$end" || wait "$job"
	exec {end}>&-
	[ ! -s "$log.status" ] || status=$(cat "$log.status")

	complaints=$(after_test "$name")
	why=$(verdict "$log" "$status" "$limit")
	if [ -n "$complaints" ]; then
		printf '%s\n' "$complaints" | sed 's/^/  # /'
		why=${why:+$why, }${complaints%%$'\n'*}
	fi
	echo "  # $name took $((SECONDS - start)) s"
	if [ -n "$why" ]; then
		test_failed=$((test_failed + 1))
		echo "not ok $test_count $name # $why"
	elif [ "$status" = 4 ]; then
		echo "ok $test_count $name # SKIP"
	else
		echo "ok $test_count $name"
	fi
	rm -f "$log" "$log.status" "$log.end"
}

# result NAME COMMAND...: a test that is one command and prints no KTAP: its output is shown if it
# fails.
result() {
	local name=$1 output
	shift
	test_count=$((test_count + 1))
	if output=$("$@" 2>&1 </dev/null); then
		echo "ok $test_count $name"
	else
		printf '%s\n' "$output" | tail -n 60 | sed 's/^/# /'
		echo "not ok $test_count $name"
		test_failed=$((test_failed + 1))
	fi
}

# aside KEEP COMMAND...: runs a test beside others: what it prints and ends with is kept in KEEP.out and KEEP.status.
aside() {
	local keep=$1
	shift
	rm -f "$keep.status"
	"$@" >"$keep.out" 2>&1
	echo $? >"$keep.status"
}

# replay KEEP: a test that was run aside: prints what it printed, ends with what it ended with. It has to be done.
replay() {
	cat "$1.out"
	return "$(cat "$1.status")"
}

# summary LOG: says which results of a KTAP stream are failures, and in its last line how many there
# are of each kind. Fails unless some passed and none failed.
summary() {
	local counts passed failed skipped
	counts=$(awk -f "$ktap_awk" "$1")
	read -r passed failed skipped <<<"${counts##*$'\n'}"
	grep '^FAIL ' <<<"$counts"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" != 0 ]
}

# conclude LOG WHERE: the failures in a KTAP stream, and WHERE there is more to read about them; then the line of counts.
# Fails as summary does.
conclude() {
	local status
	summary "$1" >"$1.summary"
	status=$?
	if [ $status != 0 ]; then
		printf '\nFailures (details above and in %s):\n' "$2"
		sed -n 's/^FAIL /  /p' "$1.summary"
	fi
	tail -n 1 "$1.summary"
	return $status
}
