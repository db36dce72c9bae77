#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# logic.t: the KUnit suites of what of ukl.ko needs nothing of the kernel, in user space. Prints KTAP. On a debug kernel
# selftests/debug/kunit.sh runs them, and the others.
set -u
cd "$(dirname "$0")/../.." || exit
dir=build/tests/logic
mkdir -p "$dir"
# shellcheck disable=SC2016
tools/enter.sh env RUSTC_BOOTSTRAP=1 sh -euc '
	rust() { rustc --edition 2021 -D warnings --out-dir "$dir" -L "$dir" "$@"; }
	dir=$1
	rust --crate-type proc-macro --extern proc_macro tools/tests/logic/kunit.rs
	rust --test -C overflow-checks=on --extern "kunit=$dir/libkunit.so" tools/tests/logic/logic.rs
	"$dir/logic" --test-threads 1' sh "$dir" >"$dir/log" 2>&1
status=$?
awk '
	/^test result: / { next }
	/^test .* \.\.\. / {
		name = $2
		sub(/::tests::/, ": ", name)
		print ($NF == "ok" ? "" : "not ") "ok " ++n " " name
		next
	}
	NF { print "# " $0 }
	END { print "1.." n + 0 }
' "$dir/log"
exit $status
