#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The self-tests' harness on made-up tests: whatever goes wrong with a test must fail the run. KTAP.
set -u
clone=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0 bad=0

export TESTS=$dir/tests SETTINGS=$dir/settings KMSG=$dir/log KLOG=$dir/log HARNESS_GRACE=2
mkdir "$TESTS"
printf 'timeout=2\nminimum=3\n' >"$SETTINGS"

# given NAME: a test, from standard input.
given() {
	{
		echo '#!/bin/bash'
		cat
	} >"$TESTS/$1.sh"
	chmod +x "$TESTS/$1.sh"
}

# fresh: three results that pass, and a log that is clean.
fresh() {
	rm -f "$TESTS"/*
	echo '<5>[    0.000000] Linux version' >"$KLOG"
	given good <<-'END'
		printf 'ok 1 a\nok 2 b\nok 3 c\n1..3\n'
	END
}

# expect STATUS COUNTS REGEX NAME [TEST...]: what a run comes to.
expect() {
	local status=$1 counts=$2 regex=$3 name=$4 output got said
	shift 4
	output=$("$clone/selftests/run.sh" "$@" 2>&1)
	got=$?
	printf '%s\n' "$output" >"$dir/output"
	said=$(awk -f "$clone/tools/ktap.awk" "$dir/output" | tail -n 1)
	verdict "$name" "$([ "$got" = "$status" ] && [ "$said" = "$counts" ] && grep -qE "$regex" "$dir/output" && echo yes)" \
		"status $got, not $status; counts $said, not $counts; /$regex/ in:" "$output"
}

# verdict NAME YES TEXT...: a result.
verdict() {
	count=$((count + 1))
	if [ "$2" = yes ]; then
		echo "ok $count $1"
	else
		bad=1
		shift 2
		printf '%s\n' "$@" | sed 's/^/# /'
		echo "not ok $count harness"
	fi
}

echo "KTAP version 1"
fresh
expect 0 "4 0 0" '^ok 1 good$' "good tests pass"

fresh
given other <<-'END'
	printf 'ok 1 a\nnot ok 2 b\n1..2\n'
	exit 1
END
expect 1 "5 1 0" '^not ok 2 other # exit status 1' "a result that is not ok"

fresh
given other <<-'END'
	printf 'ok 1 a\nnot ok 2 b\n1..2\n'
END
expect 1 "5 1 0" '^not ok 2 other # not ok, though' "a result that is not ok behind exit status 0"

fresh
given other <<-'END'
	printf 'ok 1 a\n1..1\n'
	exit 1
END
expect 1 "5 1 0" '^not ok 2 other # exit status 1' "an exit status behind results that are ok"

fresh
given other <<-'END'
	printf 'ok 1 a\n1..2\n'
END
expect 1 "5 1 0" '^not ok 2 other' "a result that was planned and is not there"

fresh
given other <<-'END'
	printf 'ok 1 a\n'
END
expect 1 "5 1 0" '^not ok 2 other' "no plan"

fresh
given other <<-'END'
	exit 0
END
expect 1 "4 1 0" '^not ok 2 other' "no results"

fresh
given other <<-'END'
	printf 'ok 1 a\n'
	kill -SEGV $$
END
expect 1 "5 1 0" '^not ok 2 other # ended by signal 11' "a crash"

fresh
given other <<-'END'
	printf 'ok 1 a\n1..1\n'
	sleep 60
END
expect 1 "5 1 0" '^not ok 2 other # TIMEOUT after 2 s' "a test that hangs"

fresh
given other <<-'END'
	setsid sleep 30 &
	printf 'ok 1 a\n1..1\n'
	kill -STOP $$
END
expect 1 "5 1 0" '^not ok 2 other # ' "a test that cannot be ended"

fresh
given other <<-'END'
	echo '1..0 # SKIP not here'
	exit 4
END
expect 0 "4 0 1" '^ok 2 other # SKIP' "a test that is skipped"

fresh
given good <<-'END'
	echo '1..0 # SKIP not here'
	exit 4
END
expect 1 "0 1 1" '^not ok 2 minimum' "a run in which all is skipped"

fresh
given good <<-'END'
	printf 'ok 1 a # SKIP\nok 2 b # SKIP\nok 3 c # SKIP\nok 4 d # SKIP\n1..4\n'
END
expect 1 "0 1 4" '^not ok 2 minimum' "a run in which all results are skipped"

fresh
given good <<-'END'
	printf 'ok 1 a\nok 2 b\n1..2\n'
END
expect 1 "2 1 0" '^not ok 2 minimum' "a run with too few results"

fresh
rm "$TESTS/good.sh"
expect 1 "0 1 0" '^not ok 1 minimum' "a run without tests"

fresh
expect 0 "3 0 0" '^1\.\.1$' "a test by name" good
expect 1 "0 1 0" '^not ok 1 nosuch # exit status 127' "a name that is no test" nosuch

for line in '<4>[    9.000000] WARNING: CPU: 0 PID: 1 at kernel/fork.c:1' '<4>[    9.000000] something odd' \
	'<6>[    9.000000] Call Trace:' '<0>[    9.000000] Kernel panic'; do
	fresh
	given other <<-END
		echo "$line" >>"\$KLOG"
		printf 'ok 1 a\n1..1\n'
	END
	expect 1 "5 1 0" '^not ok 2 other # the kernel complained' "the kernel says ${line#*] }"
	grep -q '^ok 1 good' "$dir/output" || verdict "only that test" no
done

fresh
echo '<4>[    1.000000] WARNING: before the tests' >>"$KLOG"
given other <<-'END'
	echo '<6>[    9.000000] ukl: all is well' >>"$KLOG"
	echo '<4>[    9.000000] ukl: loading out-of-tree module taints kernel.' >>"$KLOG"
	echo '<4>[    9.000000] as planned 42' >>"$KLOG"
	echo 'as planned [0-9]+' >>"$KLOG_EXPECTED"
	printf 'ok 1 a\n1..1\n'
END
expect 0 "5 0 0" '^ok 2 other' "what the kernel may say"

fresh
given other <<-'END'
	: >"$KLOG"
	printf 'ok 1 a\n1..1\n'
END
expect 1 "5 1 0" '^not ok 2 other # the kernel complained' "a log that lost its beginning"

# counts STREAM COUNTS NAME: what a stream comes to.
counts() {
	local said
	said=$(printf '%b' "$1" | awk -f "$clone/tools/ktap.awk" | tail -n 1)
	verdict "$3" "$([ "$said" = "$2" ] && echo yes)" "$said, not $2"
}

counts 'ok 1 a\nok 2 b # SKIP\nnot ok 3 c\n1..3\n' "1 1 1" "each kind of result"
counts '' "0 1 0" "an empty stream"
counts 'ok 1 a\n  ok 1 x\n' "2 2 0" "a stream that ends inside a test"
counts '  ok 1 x\n  not ok 2 y\n  1..2\nnot ok 1 a\n1..1\n' "1 1 0" "a failure is counted once"
counts '  ok 1 x\n  1..1\nnot ok 1 a # TIMEOUT\n1..1\n' "1 1 0" "a test that fails beside its results"
counts '    ok 1 p\n    1..1\n  ok 1 x\n  1..1\nok 1 a\n1..1\n' "1 0 0" "results three deep"
counts '    not ok 1 p\n    1..1\n  not ok 1 x\n  1..1\nnot ok 1 a\n1..1\n' "0 1 0" "a failure three deep"
counts '    ok 1 p\n    1..2\n  ok 1 x\n  1..1\nok 1 a\n1..1\n' "1 1 0" "a plan that fails three deep"
counts 'ok 1 a\nBail out! no\n1..1\n' "1 1 0" "bailing out"
counts '# Subtest: s\r\nok 1 a\r\n1..1\r\n' "1 0 0" "lines that end in CR LF"

# summary STATUS LINE STREAM NAME: the last line, which CI reads, and the status of a whole run.
summary() {
	local said status
	printf '%b' "$3" >"$dir/stream"
	said=$(bash -c '. "$1/selftests/harness.sh"; summary "$2"' - "$clone" "$dir/stream")
	status=$?
	verdict "$4" "$([ "$status" = "$1" ] && [ "${said##*$'\n'}" = "$2" ] && echo yes)" "status $status:" "$said"
}

summary 0 "1 passed, 0 failed, 0 skipped" 'ok 1 a\n1..1\n' "summary of a good run"
summary 1 "0 passed, 1 failed, 0 skipped" 'not ok 1 a\n1..1\n' "summary of a bad run"
summary 1 "0 passed, 0 failed, 1 skipped" 'ok 1 a # SKIP\n1..1\n' "summary of a run that skipped all"

# What was run aside is told with all that it printed, and fails if it did; what has left nothing fails, too.
replayed() {
	bash -c '. "$1/selftests/harness.sh"; aside "$2/aside" "${@:3}"; replay "$2/aside"' - "$clone" "$dir" "$@"
}

said=$(replayed sh -c 'echo said; exit 3') && status=0 || status=$?
verdict "a test that was run aside" "$([ "$said $status" = "said 3" ] && echo yes)" "status $status:" "$said"
said=$(replayed echo said) && status=0 || status=$?
verdict "one that passes" "$([ "$said $status" = "said 0" ] && echo yes)" "status $status:" "$said"
rm "$dir/aside.status"
said=$(bash -c '. "$1/selftests/harness.sh"; replay "$2/aside"' - "$clone" "$dir" 2>&1) && status=0 || status=$?
verdict "one that has not ended" "$([ "$status" != 0 ] && echo yes)" "status $status:" "$said"

echo "1..$count"
exit $bad
