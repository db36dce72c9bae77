#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# vng.sh CMD...: runs CMD in the machine that virtme-ng boots from the build root, without KVM; this clone is /ukl.
# For people who know virtme-ng. tools/vm.sh boots the same kernel from the same root in a third of the time.
set -eu
# shellcheck disable=SC2034
self=vng
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "say what to run: tools/vng.sh bash selftests/run.sh"
release=$(sed -n 's/^release=//p' "$build/root/etc/ukl/kernel")
exec "$clone/tools/enter.sh" -w / vng --run "/boot/vmlinuz-$release" --disable-kvm --user root --cpus "${CPUS:-2}" \
	--memory "${MEMORY:-2G}" --rwdir /ukl -- "cd /ukl && ip link set lo up && $*"
