#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# suite.sh: runs the parts of the suite, one after the other, and joins what they measured: build/results/bench.json,
# report.md and plots. `make bench` builds what they need. A part that fails says so, and the others still run. Each
# part's output is in build/results/logs/NAME.log. Exit status 1 if a part failed.
# Environment: PARTS="redis echo": only these; what the parts have, QUICK=1 first of all, which leaves some out.
# BENCH_PARTS, BENCH_RESULTS: another table of parts, another folder of the clone for results, for tests.
set -eu -o pipefail
self=bench
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../lib.sh"
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$clone"

table=${BENCH_PARTS:-tools/bench/parts}
results=${BENCH_RESULTS:-build/results}
logs=$results/logs
# How long each part took last: NAME QUICK SECONDS.
lasted=$results/seconds
: "${PARTS:=}" "${QUICK:=0}"
export QUICK

# column NAME NUMBER: a column of the table of parts, and what is behind it.
column() {
	awk -v part="$1" -v number="$2" '$1 == part { for (i = 1; i < number; i++) $i = ""; sub(/^ +/, ""); print }' "$table"
}

# expected NAME: seconds that it will take.
expected() {
	local seconds
	seconds=$(awk -v part="$1" -v quick="$QUICK" '$1 == part && $2 == quick { print $3 }' "$lasted")
	[ -n "$seconds" ] || seconds=$(column "$1" $((QUICK == 1 ? 3 : 2)))
	[ "${seconds%% *}" != - ] || seconds=$(column "$1" 2)
	echo "${seconds%% *}"
}

remember() {
	{
		awk -v part="$1" -v quick="$QUICK" '$1 != part || $2 != quick' "$lasted"
		echo "$1 $QUICK $2"
	} >"$lasted.new"
	mv "$lasted.new" "$lasted"
}

# left PART...: seconds that these will take.
left() {
	local sum=0
	for part; do sum=$((sum + $(expected "$part"))); done
	echo $sum
}

# duration SECONDS: in words.
duration() {
	if [ "$1" -lt 90 ]; then
		echo "$1 s"
	else
		echo "$((($1 + 30) / 60)) min"
	fi
}

# ticker TEXT SECONDS LEFT: shows on a terminal how far a part is, until it is killed.
ticker() {
	local start=$SECONDS spent rest
	while :; do
		spent=$((SECONDS - start))
		rest=$(($2 > spent ? $3 - spent : $3 - $2))
		printf '\r\033[K%s: %s of about %s; %s left in all' "$1" "$(duration $spent)" "$(duration "$2")" \
			"$(duration $((rest > 0 ? rest : 0)))" >&2
		sleep 1
	done
}

# version FILE: another one each time that the file is written.
version() {
	stat -c '%i %s %.9Y' "$1" 2>/dev/null || echo none
}

# run PART LEFT: runs a part, shows its table, and adds to the run's record: part NAME STATUS SECONDS JSON, or - instead
# if it has written none.
run() {
	local part=$1 log=$logs/$1.log json=$results/$1.json before status=0 start=$SECONDS seconds tick='' command
	read -ra command <<<"$(column "$part" 4)"
	before=$(version "$json")
	: >"$log"
	if [ -t 2 ]; then
		ticker "$part" "$(expected "$part")" "$2" &
		tick=$!
	fi
	# shellcheck disable=SC2094 # both add to the log
	"${command[@]}" </dev/null 2>>"$log" | tee -a "$log" >"$logs/$part.table" || status=${PIPESTATUS[0]}
	if [ -n "$tick" ]; then
		kill "$tick" 2>/dev/null || :
		wait "$tick" 2>/dev/null || :
		printf '\r\033[K' >&2
	fi
	seconds=$((SECONDS - start))
	[ "$(version "$json")" != "$before" ] || json=-
	echo "part $part $status $seconds $json" >>"$record"
	cat "$logs/$part.table"
	if [ "$status" = 0 ]; then
		remember "$part" "$seconds"
		say "$part: done after $(duration "$seconds")"
	else
		failed="$failed $part"
		say "$part: FAILED with status $status after $(duration "$seconds"): see $log, whose last lines are"
		tail -n 5 "$log" | sed 's/^/    /' >&2
	fi
}

mkdir -p "$logs"
touch "$lasted"
if [ -z "$PARTS" ]; then
	PARTS=$(awk -v quick="$QUICK" '/^[a-z]/ && !(quick == 1 && $3 == "-") { print $1 }' "$table" | xargs)
	rest=$(awk -v quick="$QUICK" '/^[a-z]/ && quick == 1 && $3 == "-" { print $1 }' "$table" | xargs)
	[ -z "$rest" ] || say "QUICK=1 leaves out $rest; PARTS='$rest' runs them"
fi
read -ra parts <<<"$PARTS"
for part in "${parts[@]}"; do
	[ -n "$(column "$part" 4)" ] || die "there is no part $part: there are $(awk '/^[a-z]/ { print $1 }' "$table" | xargs)"
done

record=$results/run
{
	echo "date $(date -u +%Y-%m-%dT%H:%M:%SZ)"
	if commit=$(git rev-parse --verify HEAD 2>/dev/null); then
		echo "commit $commit"
		[ -z "$(git status --porcelain)" ] || echo "modified 1"
	fi
	for name in QUICK SERVERS UKL_BYPASS; do
		[ -z "${!name:-}" ] || echo "set $name ${!name}"
	done
} >"$record"

failed='' interrupted=0
trap 'interrupted=1' INT
say "${#parts[@]} parts, about $(duration "$(left "${parts[@]}")"): $PARTS"
for ((i = 0; i < ${#parts[@]} && !interrupted; i++)); do
	rest=$(left "${parts[@]:i}")
	say "$((i + 1)) of ${#parts[@]}: ${parts[i]}, about $(duration "$(expected "${parts[i]}")"); $(duration "$rest") left in all"
	run "${parts[i]}" "$rest"
done
trap - INT

status=0
export PYTHONPATH=tools/bench
tools/enter.sh python3 tools/bench/suite/collect.py "$record" "$results/bench.json" || status=1
tools/enter.sh python3 tools/bench/suite/report.py "$results/bench.json" "$results" || status=1
[ $interrupted = 0 ] || exit 130
say "the figures are in $results/bench.json, tables and plots in $results/report.md"
[ -z "$failed" ] || die "failed:$failed"
exit $status
