#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench.t: the suite of measurements: its figures on made-up ones (bench.py), then suite.sh itself with parts that measure
# nothing. Prints KTAP. Needs the build root.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit
dir=build/tests/bench
unset MAKEFLAGS PARTS QUICK STRICT SERVERS UKL_BYPASS
rm -rf $dir
mkdir -p $dir/parts $dir/results

echo 'KTAP version 1'
# Of a script that ends early only its status says so.
tools/enter.sh env PYTHONPATH=tools/bench:tools/bench/suite:tools/bench/servers python3 tools/tests/bench.py $dir | tee $dir/output
bad=$?
count=$(grep -cE '^(not )?ok ' $dir/output)
! grep -q '^not ok ' $dir/output || bad=1

# verdict NAME YES: a result, with what the suite said if it is a failure.
verdict() {
	count=$((count + 1))
	if [ "$2" = yes ]; then
		echo "ok $count $1"
	else
		bad=1
		sed 's/^/# /' $dir/said $dir/shown
		echo "not ok $count $1"
	fi
}

# says FILE PATTERN NAME: a line of a file matches.
says() {
	verdict "$3" "$(grep -qE -- "$2" "$1" && echo yes)"
}

# part NAME: a part's script, from standard input.
part() {
	{
		echo '#!/bin/bash'
		cat
	} >$dir/parts/"$1"
	chmod +x $dir/parts/"$1"
}

# figure PART VALUE: the JSON of a part that measured one thing.
figure() {
	printf '{"accelerator": "tcg", "kernel": "7.0", "figures": [{"id": "%s.get.ukl", "part": "%s", "workload": "get",
		"system": "ukl", "network": "loopback", "clock": "instructions", "unit": "instructions per request",
		"deterministic": true, "value": %s, "samples": [%s]}]}\n' "$1" "$1" "$2" "$2"
}

# suite STATUS NAME: runs the suite; what it said is in said, what it showed in shown.
suite() {
	local status
	BENCH_PARTS=$dir/table BENCH_RESULTS=$dir/results tools/bench/suite.sh >$dir/shown 2>$dir/said </dev/null
	status=$?
	verdict "$2" "$([ $status = "$1" ] && echo yes)"
}

# parts_of_run: NAME=STATUS/FIGURES of each part in the result.
parts_of_run() {
	tools/enter.sh python3 -c 'import json, sys
run = json.load(open(sys.argv[1]))
print(*(f"{name}={part["status"]}/{part["figures"]}" for name, part in run["parts"].items()))' $dir/results/bench.json
}

export -f figure
cat >$dir/table <<END
# a comment
first   400  100  $dir/parts/first with arguments
broken   10    -  $dir/parts/broken
last    200   50  $dir/parts/last
END
part first <<END
echo "table of first: QUICK=\$QUICK \$*"
echo "bench-first: booting" >&2
figure first 100 >$dir/results/first.json
END
part last <<END
figure last 300 >$dir/results/last.json
END
part broken <<'END'
echo 'bench-broken: the machine is on fire' >&2
exit 3
END
figure broken 200 >$dir/results/broken.json

suite 1 'a part that fails: status 1'
says $dir/said '^bench: 3 parts, about 10 min: first broken last$' 'how long all will take'
says $dir/said '^bench: 1 of 3: first, about 7 min; 10 min left in all$' 'how long a part will take, and all'
says $dir/said '^bench: broken: FAILED with status 3 after [0-9]+ s: see build/tests/bench/results/logs/broken.log' 'the log of a failure'
says $dir/said '^    bench-broken: the machine is on fire$' 'its last lines'
says $dir/said '^bench: last: done after ' 'the others still run'
says $dir/said '^bench: failed: broken$' 'what failed is said at the end'
says $dir/shown '^table of first: QUICK=0 with arguments$' 'the table of a part is shown'
verdict 'a log has all that a part printed' \
	"$([ "$(grep -cE '^(bench-first: booting|table of first: QUICK=0 with arguments)$' $dir/results/logs/first.log)" = 2 ] && echo yes)"
verdict 'what a part of another run measured is not joined' \
	"$([ "$(parts_of_run)" = 'first=passed/1 broken=failed/0 last=passed/1' ] && echo yes)"
says $dir/results/report.md 'broken.*\*\*failed\*\* \(status 3: see ' 'there is a report'

QUICK=1 suite 0 'QUICK=1 leaves a part out that fails'
says $dir/said "^bench: QUICK=1 leaves out broken; PARTS='broken' runs them" 'which parts are left out'
says $dir/shown '^table of first: QUICK=1 ' 'parts are told QUICK'
says $dir/said '^bench: 2 parts, about 3 min: first last$' 'less time with QUICK'

suite 1 'a second run'
says $dir/said '^bench: 3 parts, about 1[0-9] s: first broken last$' 'how long parts took last is known, but of a failure'

PARTS='last first' suite 0 'some of the parts, none of which fails: status 0'
verdict 'only these' "$([ "$(parts_of_run)" = 'last=passed/1 first=passed/1' ] && echo yes)"
says $dir/said '^bench: the figures are in build/tests/bench/results/bench.json' 'where the results are'

QUICK=1 PARTS=broken suite 1 'such a part by its name'
says $dir/said '^bench: 1 parts, about 10 s: broken$' 'and its time'

PARTS='first nosuch' suite 1 'a part that there is not: status 1'
says $dir/said '^bench: there is no part nosuch: there are first broken last$' 'and which there are'

part broken <<END
figure broken 200 >$dir/results/broken.json
exit 1
END
suite 1 'a part that measures and fails, as for a target: status 1'
verdict 'what it measured is joined' \
	"$([ "$(parts_of_run)" = 'first=passed/1 broken=failed/1 last=passed/1' ] && echo yes)"

part broken <<END
echo 'no JSON' >$dir/results/broken.json
END
suite 1 'a part whose JSON is none: status 1'
says $dir/said '^bench: broken: .*broken.json: Expecting value' 'why'

# compare STATUS NAME: make bench-compare, of old.json and the last run.
compare() {
	local status
	make -s bench-compare OLD=$dir/old.json NEW=$dir/results/bench.json >$dir/shown 2>$dir/said
	status=$?
	verdict "$2" "$([ $status = "$1" ] && echo yes)"
}

PARTS=first suite 0 'a run to compare with'
cp $dir/results/bench.json $dir/old.json
figure first 103 >$dir/first.json
part first <<END
cp $dir/first.json $dir/results/first.json
END
PARTS=first suite 0 'a run after a change for the worse'
compare 0 'make bench-compare'
says $dir/shown '^first.get.ukl +100 +103 +\+3.0% +worse' 'what became worse'
STRICT=1 compare 2 'STRICT=1 fails, as make does'
echo '{"schema": "ukl-bench", "version": 2}' >$dir/old.json
compare 2 'another version'
says $dir/said '^bench-compare: OLD is of version 2 of the schema, NEW of 1' 'says so'

echo "1..$count"
exit $((bad != 0))
