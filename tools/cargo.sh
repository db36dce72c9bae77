#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# cargo.sh ARG...: cargo inside the build root, for the command in tools/ukl. What it downloads is kept in the cache.
set -eu
self=cargo
. "$(dirname "$0")/lib.sh"

export ENTER_CARGO="${UKL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ukl}/cargo"
exec "$clone/tools/enter.sh" -w /ukl/tools/ukl env CARGO_HOME=/ukl/build/cargo CARGO_TARGET_DIR=/ukl/build/obj/cargo \
	CARGO_TERM_PROGRESS_WHEN=never cargo "$@"
