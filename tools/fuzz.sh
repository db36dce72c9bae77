#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh [TARGET...]: fuzzes the request parser of samples/kv in user space, by libFuzzer, which goes for code that it
# has not reached: all targets of tools/fuzz, or these. Fails on the first input that does.
# Environment:
#   FUZZ_SECONDS  for so long each, from the inputs that earlier runs have kept in build/fuzz; if it is not set, a
#                 number of inputs that takes a few seconds, the same ones each time
#   FUZZ_SEED     1
# fuzz.sh TARGET FILE: one input, again.
set -eu
self=fuzz
. "$(dirname "$0")/lib.sh"
cd "$clone"

triple=x86_64-unknown-linux-gnu
seed=${FUZZ_SEED:-1}
case $seed in '' | *[!0-9]*) die "FUZZ_SEED=$seed is not a number" ;; esac
case ${FUZZ_SECONDS:-1} in *[!0-9]*) die "FUZZ_SECONDS=$FUZZ_SECONDS is not a number" ;; esac

# What cargo-fuzz says without a sanitizer; the library itself is compiled by the clang of the build root, which has no
# other C++ library than libc++.
sancov='-Cllvm-args=-sanitizer-coverage'
RUSTFLAGS="-Cpasses=sancov-module $sancov-level=4 $sancov-inline-8bit-counters $sancov-pc-table $sancov-trace-compares \
-Cllvm-args=-simplifycfg-branch-fold-threshold=0 -Ccodegen-units=1 --cfg fuzzing" \
	CXX=clang++ CXXFLAGS=-stdlib=libc++ CXXSTDLIB=c++ \
	tools/cargo.sh -w tools/fuzz build --quiet --release --target "$triple"

# At the same addresses each time.
run() {
	RUST_BACKTRACE=0 tools/enter.sh setarch -R "build/obj/cargo/$triple/release/$1" -rss_limit_mb=2048 -timeout=20 "${@:2}"
}

# again TARGET FILE
again() {
	echo "$2: $(stat -c %s "$2") bytes"
	od -A d -t x1z "$2" | head -n 64
	echo "again: tools/fuzz.sh $1 $2"
}

if [ $# = 2 ] && [ -f "$2" ]; then
	again "$@"
	run "$@"
	exit
fi
[ $# -gt 0 ] || set -- resp requests integers

# input NAME TEXT: one to begin with, as for printf.
input() {
	# shellcheck disable=SC2059
	printf -- "$2" >"$seeds/$1"
}

# Of `resp`: the lengths of pieces, less one, at how many requests to stop, less one, and the bytes.
# shellcheck disable=SC2016
write_seeds() {
	case $1 in
	resp)
		input array '\4\3\2\1\0*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n'
		input empty '\0\0\0\0\0*0\r\n*-1\r\n*1\r\n$0\r\n\r\nPING\r\n'
		input line '\7\7\7\7\1set a "b\\x41\\n" '\''c d'\'' ""\r\n\r\nPING\n'
		input long '\310\1\1\310\1*1\r\n$0000\r\n*3\r\n$3\r\nSET\r\n$12\r\nabcdefghijkl\r\n$0\r\n\r\n'
		input zeros '\1\1\1\1\0*001\r\n$0003\r\nGET\r\n'
		input bad '\1\1\1\1\0*1\r\n$-1\r\n'
		;;
	requests)
		input some '\3\0\5\17\2\0\1\0\1\2\12abcdefg\0\3\0'
		;;
	integers)
		input most 9223372036854775807
		input least -9223372036854775808
		;;
	esac
}

for target; do
	[ -e "tools/fuzz/fuzz_targets/$target.rs" ] || die "there is no target $target"
	folder=build/fuzz/$target seeds=build/fuzz/$target/seeds kept=build/fuzz/$target/corpus
	case $target in
	resp) runs=12000 len=1024 ;;
	requests) runs=800 len=160 ;;
	*) runs=80000 len=32 ;;
	esac
	if [ -n "${FUZZ_SECONDS:-}" ]; then
		limit="-max_total_time=$FUZZ_SECONDS"
	else
		limit="-runs=$runs -reload=0" kept=build/fuzz/$target/first
		rm -rf "$kept"
	fi
	mkdir -p "$seeds" "$kept" "$folder/failed"
	write_seeds "$target"
	start=$SECONDS
	touch "$folder/start"
	# shellcheck disable=SC2086
	run "$target" "-seed=$seed" $limit "-max_len=$len" -len_control=0 -dict=tools/fuzz/resp.dict -print_final_stats=1 \
		"-artifact_prefix=$folder/failed/" "$kept" "$seeds" >"$folder/log" 2>&1 || {
		sed -n '/ panicked at /,/^note:/p; /ERROR: libFuzzer/p' "$folder/log" | grep -v '^note:' | cut -c 1-400
		find "$folder/failed" -type f -newer "$folder/start" | while read -r file; do again "$target" "$file"; done
		die "$target: an input fails (FUZZ_SEED=$seed); what libFuzzer says is in $folder/log"
	}
	count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")
	reached=$(grep -o ' cov: [0-9]*' "$folder/log" | tail -n 1)
	echo "$target: $count inputs from FUZZ_SEED=$seed in $((SECONDS - start)) s, $(find "$kept" -type f | wc -l) kept," \
		"${reached# cov: } edges reached"
done
