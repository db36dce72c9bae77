#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh: everything that has to hold: style, lints, host tests, and the self-tests in one boot of the virtual
# machine. `make check` builds the modules before. Prints KTAP as it goes, then the failures, then one line of counts.
# shellcheck disable=SC2317,SC2329 # the checks are called by name
set -u
self=check
. "$(dirname "$0")/lib.sh"
. "$clone/selftests/harness.sh"
cd "$clone" || exit

log=$build/check.log
run=$build/vm/check
# Seconds: the suite takes half an hour without KVM on two idle cores.
limit=${CHECK_TIMEOUT:-3300}

[ -e "$build/modules/ukl_test.ko" ] || die "the modules are not built: run 'make check'"

# files PATTERN...: files of the repository, new ones too, whose names match.
files() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
			[ ! -f "$file" ] || printf '%s\n' "$file"
		done
	else
		find . -path ./build -prune -o -type f -print | sed 's|^\./||' | while read -r file; do
			for pattern; do
				# shellcheck disable=SC2053
				[[ $file != $pattern ]] || printf '%s\n' "$file"
			done
		done
	fi
}

shell_files() {
	files '*' | while read -r file; do
		case $file in
		*.sh | *.t) echo "$file" ;;
		*) ! head -n 1 "$file" | grep -aqE '^#!.*[/ ](ba|da)?sh( |$)' || echo "$file" ;;
		esac
	done
}

rustfmt() {
	# shellcheck disable=SC2046
	tools/enter.sh rustfmt --check --edition 2021 --config-path /usr/src/linux/.rustfmt.toml $(files '*.rs')
}

# In a folder of its own, where a warning is an error, for C as well.
clippy() {
	tools/enter.sh make -j"$(nproc)" --no-print-directory -f tools/modules.mk KDIR=/usr/src/linux CLIPPY=1 \
		KRUSTFLAGS=-Dwarnings KCFLAGS=-Werror OBJ_DIR=/ukl/build/clippy/obj MODULES_DIR=/ukl/build/clippy/modules \
		sdk=/ukl/build/clippy/sdk
}

checkpatch() {
	tools/enter.sh perl /usr/src/linux/scripts/checkpatch.pl --no-tree --strict --terse --show-types --no-summary \
		--quiet "$@"
}

# EXPORT_SYMBOL: the functions are in Rust, their exports in a C file. CONST_STRUCT: one is a copy. MACRO_WITH_FLOW_CONTROL: one
# macro makes functions, as module_driver() does. AVOID_BUG: what a BUG() in an application comes to is tested. YIELD: nothing is
# waited for by it.
kernel_c() {
	local c bug=selftests/modules/process/fault.c yield=rust/support/helpers/poll.c status=0
	c=$(files '*.c' '*.h' | grep -v -e '^selftests/[^/]*\.[ch]$' -e '^tools/' -e "^$bug$" -e "^$yield$" | grep -v "$programs")
	# shellcheck disable=SC2086
	checkpatch --ignore EXPORT_SYMBOL,CONST_STRUCT,MACRO_WITH_FLOW_CONTROL -f $c || status=1
	checkpatch --ignore AVOID_BUG -f "$bug" || status=1
	checkpatch --ignore YIELD -f "$yield" || status=1
	return "$status"
}

# Programs in C, and what is in the C library: of their own style.
programs='^selftests/programs/\|^samples/hello_c/\|^tools/libc/'

# What is for the kernel only: user space has no __printf(), pr_fmt(), READ_ONCE() and strscpy(), and its own ways with
# usleep(), errno, C11 atomics and assembly.
user_c() {
	local c
	c=$(files '*.c' '*.h' | grep -e '^selftests/[^/]*\.[ch]$' -e '^tools/' | grep -v "$programs")
	# shellcheck disable=SC2086
	checkpatch --ignore "$(printf '%s,' PREFER_DEFINED_ATTRIBUTE_MACRO EMBEDDED_FUNCTION_NAME USLEEP_RANGE VOLATILE \
		STRCPY ENOSYS CAMELCASE AVOID_EXTERNS LEADING_SPACE STATIC_CONST_CHAR_ARRAY MULTIPLE_ASSIGNMENTS)" -f $c
}

program_c() {
	local c
	c=$(files '*.c' '*.h' | grep "$programs")
	# shellcheck disable=SC2086
	checkpatch --max-line-length=132 --ignore "$(printf '%s,' PREFER_DEFINED_ATTRIBUTE_MACRO EMBEDDED_FUNCTION_NAME \
		USLEEP_RANGE VOLATILE STRCPY ENOSYS CAMELCASE AVOID_EXTERNS LEADING_SPACE STATIC_CONST_CHAR_ARRAY \
		MULTIPLE_ASSIGNMENTS PREFER_KERNEL_TYPES INLINE SPACING COMPLEX_MACRO NEW_TYPEDEFS UNSPECIFIED_INT \
		LINE_SPACING MACRO_ARG_REUSE MACRO_ARG_PRECEDENCE WEAK_DECLARATION COMPARISON_TO_NULL SPLIT_STRING MISSING_SPACE)" -f $c
}

shell() {
	# shellcheck disable=SC2046
	tools/enter.sh shellcheck -x -P SCRIPTDIR $(shell_files)
}

# A licence on every file; licence texts and data of other programs have no place for one.
spdx() {
	local file status=0
	while read -r file; do
		case $file in
		LICENSES/* | COPYING | LICENSE | *.json | *.svg | *.png | *.patch | tools/root/sources) continue ;;
		esac
		if ! head -n 3 "$file" | grep -aq 'SPDX-License-Identifier: '; then
			echo "$file"
			status=1
		fi
	done < <(files '*')
	return "$status"
}

# The command `ukl`: lints, and the tests of what needs no device.
command_clippy() {
	tools/cargo.sh clippy --quiet --locked --all-targets -- -D warnings
}

command_tests() {
	tools/cargo.sh test --quiet --locked
}

# The load generator: lints, and tests against servers of its own; make check-load has those that depend on time.
load_clippy() {
	tools/cargo.sh -w tools/load clippy --quiet --locked --all-targets -- -D warnings
}

load_tests() {
	tools/cargo.sh -w tools/load test --quiet --locked
}

# The request parser of samples/kv with what libFuzzer comes upon: the same inputs each time.
fuzz_clippy() {
	CXX=clang++ CXXFLAGS=-stdlib=libc++ CXXSTDLIB=c++ tools/cargo.sh -w tools/fuzz clippy --quiet --release \
		--target x86_64-unknown-linux-gnu -- -D warnings
}

fuzz_parser() {
	env -u FUZZ_SECONDS FUZZ_SEED=1 tools/fuzz.sh
}

peer() {
	tools/enter.sh make -s -C selftests CC="$(sed -n 's/^cc=//p' "$build/versions")"
}

boot() {
	TIMEOUT=$limit NAME=check LOAD=0 tools/vm.sh bash selftests/run.sh
}

clean_log() {
	tools/klog-scan.sh "$run/dmesg.log"
}

# Instructions of the deterministic machine are the same beside others. Their targets are for the default kernel; on another
# one its compiler and thunks move the counts by a few.
counted() {
	grep -q '^suite=trixie-backports$' "$build/versions"
}

benches() {
	aside "$build/check-transition" tools/bench/transition.sh
	aside "$build/check-echo" env QUICK=1 tools/bench/echo.sh
}

timed() {
	local start=$SECONDS status
	"$@"
	status=$?
	echo "# ${*: -1} took $((SECONDS - start)) s"
	return $status
}

mkdir -p "$build"
rm -f "$build"/check-*.status
# What runs beside others does not know of the terminal's interrupt.
trap 'kill 0' INT
{
	echo "KTAP version 1"
	timed result "SPDX" spdx
	timed result "rustfmt" rustfmt
	timed result "shellcheck" shell
	timed result "checkpatch, kernel" kernel_c
	timed result "checkpatch, user space" user_c
	timed result "checkpatch, programs" program_c
	timed result "clippy and C warnings" clippy
	timed result "peer builds" peer
	timed result "the command ukl: clippy" command_clippy
	timed result "the command ukl: unit tests" command_tests
	timed result "the load generator: clippy" load_clippy
	timed result "the load generator: tests" load_tests
	timed result "the fuzzer: clippy" fuzz_clippy
	timed result "the request parser, fuzzed" fuzz_parser
	for test in tools/tests/*.t; do
		run_test "${test#tools/tests/}" 120 "$test"
	done
	export -f boot
	export limit
	timed run_test "boot" $((limit + 30)) bash -c boot
	result "kernel log of the boot" clean_log
	! counted || benches &
	beside=$!
	timed run_test "some tests under virtme-ng" 300 tools/vng.sh bash selftests/run.sh mode thread
	timed run_test "stack overflow, in a boot of its own" 200 selftests/overflow.sh
	timed run_test "containment, in boots of its own" 1700 selftests/contain.sh
	wait "$beside"
	if counted; then
		result "instructions of a null call" replay "$build/check-transition"
		result "instructions of an echo, a GET and idle connections" replay "$build/check-echo"
	fi
	echo "1..$test_count"
	echo "# all of it took $SECONDS s"
} </dev/null 2>&1 | tee "$log"

conclude "$log" "build/check.log; the machine's logs: build/vm/check/console.log, dmesg.log"
