#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# enter.sh [-w DIR] CMD...: runs CMD inside the build root, with this clone at /ukl, in namespaces of its own.
# The root is read-only there; /tmp and /run are empty and private. CMD's exit status is passed on.
set -eu
self=enter
. "$(dirname "$0")/lib.sh"

dir=/ukl
while getopts w: opt; do
	case $opt in
	w) dir=$OPTARG ;;
	*) die "usage: tools/enter.sh [-w DIR] CMD..." ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- bash

# ENTER_ROOT and ENTER_RW are for tools/root.sh, which fills a root that is not finished yet; ENTER_DOWNLOADS is for
# what downloads: a folder of the cache to keep it in, seen as build/downloads inside.
root=$(readlink -f "${ENTER_ROOT:-$build/root}")
[ -d "$root/ukl" ] || die "there is no build root: run 'make root' first"
why=$(why_no_mount_ns)
[ -z "$why" ] || die "$why"

# Three shells: the first mounts; the second lives outside the new pid namespace, so that signals reach it, and takes
# the namespace with it when it dies; the third is the namespace's init.
# shellcheck disable=SC2016
exec $mount_ns sh -euc '
	root=$1 clone=$2
	mount --bind "$root" "$root"
	[ "${ENTER_RW:-0}" = 1 ] || mount -o remount,bind,ro "$root" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$root"
	mount --rbind /dev "$root/dev"
	mount --rbind /sys "$root/sys"
	for d in tmp var/tmp run; do mount -t tmpfs -o mode=1777 tmpfs "$root/$d"; done
	mount --bind "$clone" "$root/ukl"
	if [ -n "${ENTER_DOWNLOADS:-}" ]; then
		mkdir -p "$ENTER_DOWNLOADS" "$clone/build/downloads"
		mount --bind "$ENTER_DOWNLOADS" "$root/ukl/build/downloads"
		# The names of this machine and whom it trusts, not those of the one the root was made on.
		for f in /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt; do
			[ ! -e $f ] || mount --bind $f "$root$f"
		done
	fi
	shift 2
	exec unshare --pid -- sh -c '\''
		setpriv --pdeathsig KILL -- chroot "$@"
		exit $?
	'\'' sh "$root" /bin/sh -c '\''
		mount -t proc proc /proc
		cd "$1"
		shift
		unset TMPDIR ENTER_ROOT ENTER_RW ENTER_DOWNLOADS
		export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8
		"$@"
		exit $?
	'\'' sh "$@"
' sh "$root" "$clone" "$dir" "$@"
