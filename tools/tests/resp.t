#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The request parser of samples/kv, compiled for user space: what it accepts, what it refuses, at every cut, and
# with random bytes. RESP_SEED and RESP_ROUNDS change the random part.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/tests
set -- --edition 2021 -O -C overflow-checks=on -C debug-assertions=on -D warnings -o build/tests/resp \
	tools/tests/resp.rs
if command -v rustc >/dev/null; then
	rustc "$@"
else
	tools/enter.sh rustc "$@"
fi
exec build/tests/resp
