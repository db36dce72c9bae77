#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kernel.sh VARIANT: builds a debug kernel from the source of the stock one, in build/debug/VARIANT, unless it is there:
#   kasan  memory, locks, RCU, fault injection (config.kasan)
#   kcsan  data races (config.kcsan)
# It is built again when its configuration has changed. Killed at any point, the next run goes on. It gives way to
# whatever else the machine does.
set -eu
self=debug-kernel
variant=${1:?usage: tools/debug/kernel.sh kasan|kcsan}
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../lib.sh"
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
build=$clone/build

wanted=$clone/tools/debug/config.$variant
[ -f "$wanted" ] || die "there is no variant $variant"
folder=$build/debug/$variant log=$build/debug/$variant.log
mkdir -p "$folder"
{
	cat "$build/versions"
	grep -h '^CONFIG_' "$clone/tools/debug/config" "$wanted"
} >"$folder/recipe.new"
if [ -e "$folder/done" ] && cmp -s "$folder/recipe" "$folder/recipe.new"; then
	rm "$folder/recipe.new"
	exit 0
fi
rm -f "$folder/done"
mv "$folder/recipe.new" "$folder/recipe"

say "building the kernel of the variant $variant, half an hour on two idle cores; what the compiler says is in build/debug/$variant.log"
# shellcheck disable=SC2016
nice chrt --idle 0 "$clone/tools/enter.sh" sh -euc '
	variant=$1
	source=build/debug/linux out=$PWD/build/debug/$variant
	if [ ! -e $source/unpacked ]; then
		rm -rf $source
		mkdir $source
		tar --strip-components=1 -C $source -xf "$(echo /usr/src/linux-source-*.tar.xz)"
		touch $source/unpacked
	fi
	grep -h ^CONFIG_ tools/debug/config tools/debug/config.$variant >"$out/wanted"
	make() { command make -C $source "O=$out" LLVM=1 "$@"; }
	make "KCONFIG_ALLCONFIG=$out/wanted" allnoconfig
	if missing=$(grep -Fvx -f "$out/.config" "$out/wanted"); then
		echo "debug-kernel: the configuration cannot have" $missing >&2
		exit 1
	fi
	# No modules: KVM is there for what it makes the kernel itself have, and vmlinux.symvers is all that ours are linked to.
	make "-j$(nproc)" bzImage modules_prepare
	cp "$out/vmlinux.symvers" "$out/Module.symvers"
	make -s kernelrelease >"$out/release"
' sh "$variant" >"$log" 2>&1 &
job=$!
# Two at once would write to the same files.
trap 'kill $job 2>/dev/null || :' EXIT
trap 'exit 1' INT TERM
seconds=0
while kill -0 $job 2>/dev/null; do
	sleep 1
	seconds=$((seconds + 1))
	[ $((seconds % 60)) != 0 ] || say "$((seconds / 60)) min: $(grep -cE '^  (CC|AS|RUSTC|AR|LD) ' "$log" || :) files"
done
wait $job || {
	tail -n 15 "$log" | sed 's/^/    /' >&2
	die "the kernel of the variant $variant does not build: see $log"
}
touch "$folder/done"
say "the kernel of the variant $variant took $((seconds / 60)) min"
