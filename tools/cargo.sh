#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cargo.sh [-w DIR] ARG...: cargo inside the build root, for the command in tools/ukl or the crate in DIR, a folder of
# this clone. What it downloads is kept in the cache.
set -eu
self=cargo
. "$(dirname "$0")/lib.sh"

crate=tools/ukl
if [ "${1:-}" = -w ]; then
	crate=$2
	shift 2
fi
export ENTER_DOWNLOADS="$cache/cargo"
# shellcheck disable=SC2016
exec "$clone/tools/enter.sh" -w "/ukl/$crate" env CARGO_HOME=/ukl/build/downloads CARGO_TARGET_DIR=/ukl/build/obj/cargo \
	CARGO_TERM_PROGRESS_WHEN=never sh -c '/ukl/tools/lock.sh . && exec cargo "$@"' sh "$@"
