#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modules.sh VARIANT: builds the modules, and links the C programs that `make programs` has built, for a debug kernel:
# build/debug/VARIANT/modules.
set -eu
self=debug-modules
variant=${1:?usage: tools/debug/modules.sh kasan|kcsan}
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../lib.sh"
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$clone"
out=build/debug/$variant
[ -e "$out/done" ] || die "there is no kernel of the variant $variant: run tools/debug/kernel.sh $variant"

# The kernel's build asks KCSAN's checks of C only. LLVM has them for Rust too: its pass, for functions marked for it.
export KRUSTFLAGS=''
if [ "$variant" = kcsan ]; then
	for option in force-attribute=sanitize_thread tsan-distinguish-volatile=1 tsan-compound-read-before-write=1 \
		tsan-instrument-func-entry-exit=0; do
		KRUSTFLAGS+="-Cllvm-args=-$option "
	done
	KRUSTFLAGS+=-Cpasses=tsan
fi
MAKEFLAGS='' tools/enter.sh make -j"$(nproc)" --no-print-directory -f tools/modules.mk KDIR="/ukl/$out" \
	OBJ_DIR="/ukl/$out/ukl" MODULES_DIR="/ukl/$out/modules" sdk="/ukl/$out/sdk"

for args in build/obj/programs/*/args; do
	[ -e "$args" ] || die "the C programs are not built: run 'make programs'"
	name=$(basename "$(dirname "$args")")
	kept=$out/ukl/$name.stamp stamp=$({
		cat "$args" tools/cc/ukl-module "$out/sdk/Module.symvers"
		stat -c %Y "build/programs/$name"* "build/modules/$name.ko"
	} 2>/dev/null | sha256sum)
	if [ "$(cat "$kept" 2>/dev/null)" != "$stamp" ]; then
		# shellcheck disable=SC2016
		tools/enter.sh env "KDIR=/ukl/$out" "UKL=/ukl/$out/sdk" bash -ec '
			eval "set -- -o /ukl/$2/modules $(cat "$1")"
			tools/cc/ukl-module "$@"' bash "$args" "$out" >"$out/$name.log" 2>&1 || {
			tail -n 20 "$out/$name.log" >&2
			die "$name cannot be linked for the variant $variant: see $out/$name.log"
		}
		echo "$stamp" >"$kept"
	fi
done
