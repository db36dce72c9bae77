#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# coverage.sh [TEST...]: how much of ukl.ko and ukl_linux.ko the self-tests reach, all of them or these, on the stock
# kernel: the modules are built once more, in build/coverage, with counters in them. Leaves
#   build/results/coverage.txt   functions, lines and regions that are reached, of each file and in all
#   build/results/uncovered.txt  the functions and the lines that are not
# Exit status: that of the tests. The modules of the tests and the C programs are those of build/modules.
# Environment: TIMEOUT, in seconds, 6000; SLOWER, how many times the usual seconds a test may take, 2;
# COVERAGE_ADD=1: what earlier runs have reached counts, too, if the modules are the same; COVERAGE_AGAIN=1: only the
# report.
set -eu
self=coverage
. "$(dirname "$0")/lib.sh"
cd "$clone"
out=build/coverage

# What rustc writes, LLVM's tools read, and clang writes the same.
llvm_of() {
	tools/enter.sh "$@" | sed -n 's/.*\(LLVM\|clang\) version:\{0,1\} \([0-9]*\)\..*/\2/p' | head -n 1
}

build_modules() {
	tools/enter.sh env CC_WRAPPER=/ukl/tools/coverage/cc make -j"$(nproc)" --no-print-directory -f tools/modules.mk \
		KDIR=/usr/src/linux OBJ_DIR="/ukl/$out/obj" MODULES_DIR="/ukl/$out/modules" sdk="/ukl/$out/sdk" \
		KRUSTFLAGS='-Cinstrument-coverage -Zno-profiler-runtime' \
		LDFLAGS_MODULE='-T /ukl/tools/coverage/sections.lds' apps=tools/coverage tools/coverage
}

# The compiler's runtime and the kernel's headers are not ours. Some functions have no counters, such as those that are
# nowhere called, and each module has an init_module(): it warns of those.
llvm_cov() {
	tools/enter.sh llvm-cov "$@" "$out/modules/ukl.ko" -object "$out/modules/ukl_linux.ko" \
		"-instr-profile=$out/profile" '-ignore-filename-regex=^/usr/|/build/' 2>>"$out/report.log"
}

report() {
	: >"$out/report.log"
	tools/enter.sh llvm-profdata merge -sparse -o "$out/profile" "$out"/counters/*
	mkdir -p build/results
	llvm_cov report -show-region-summary -show-branch-summary=0 >build/results/coverage.txt
	llvm_cov export -format=lcov >"$out/lcov"
	tools/enter.sh python3 tools/coverage/uncovered.py "$out/lcov" >build/results/uncovered.txt
	head -n 2 build/results/coverage.txt
	tail -n 1 build/results/coverage.txt
	head -n 2 build/results/uncovered.txt
	say "more is in build/results/coverage.txt and build/results/uncovered.txt"
}

if [ "${COVERAGE_AGAIN:-0}" = 1 ]; then
	report
	exit
fi
[ -e build/modules/ukl_test.ko ] || die "the modules are not built: run 'make programs'"
rust=$(llvm_of rustc -vV) clang=$(llvm_of clang --version) cov=$(llvm_of llvm-cov --version)
[ "$rust $clang" = "$cov $cov" ] ||
	die "rustc has LLVM $rust, clang is $clang, llvm-cov is $cov: they have to be the same"

# As in the Makefile: what was built for another kernel goes.
[ "$(cat "$out/kernel" 2>/dev/null)" = "$(readlink build/root)" ] || rm -rf "$out"
mkdir -p "$out/modules"
readlink build/root >"$out/kernel"
build_modules >"$out/build.log" 2>&1 || {
	tail -n 20 "$out/build.log" >&2
	die "the modules cannot be built: see $out/build.log"
}
for module in build/modules/*.ko; do
	case $module in
	*/ukl.ko | */ukl_linux.ko) ;;
	*) cp -u "$module" "$out/modules" ;;
	esac
done
tools/enter.sh make -s -C selftests CC="$(sed -n 's/^cc=//p' "$build/versions")"

[ "${COVERAGE_ADD:-0}" = 1 ] || rm -rf "$out/counters"
mkdir -p "$out/counters"
counters=$out/counters/$(date +%Y%m%d-%H%M%S)
status=0
NAME=coverage LOAD=0 MODULES=$out/modules TIMEOUT=${TIMEOUT:-6000} tools/vm.sh "SLOWER=${SLOWER:-2}" \
	bash tools/coverage/guest.sh "$counters" "$@" || status=$?
[ -s "$counters" ] || die "nothing was counted"
[ "$status" = 0 ] || say "the self-tests end with the status $status; what they have reached is counted all the same"
report
exit "$status"
