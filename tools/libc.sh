#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# libc.sh: builds the C library for ring 0 into build/libc, unless it is there.
set -eu
self=libc
. "$(dirname "$0")/lib.sh"

"$clone/tools/source.sh" musl
stamp=$(cd "$clone" && { cat build/versions build/sources/musl.sum && find tools/libc tools/cc/flags.sh include/ukl/linux.h -type f ! -name Cargo.lock | sort |
	xargs sha256sum; } | sha256sum)
[ "$(cat "$build/libc/stamp" 2>/dev/null)" != "$stamp" ] || exit 0
rm -f "$build/libc/stamp"
say "building the C library for ring 0 (about 60 s)"
"$clone/tools/cargo.sh" -w tools/libc/builtins fetch --locked --quiet
ENTER_DOWNLOADS=$cache/cargo "$clone/tools/enter.sh" tools/libc/build.sh
echo "$stamp" >"$build/libc/stamp"
