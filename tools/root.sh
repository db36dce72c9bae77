#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# root.sh: makes build/root, a Debian with the stock kernel, its prepared source tree and every tool ukl needs.
# Environment: KERNEL_SUITE (default trixie-backports), UKL_CACHE (default: ukl in the user's cache folder).
# The root and the downloads are kept in the cache. Killed at any point, the next run goes on.
# root.sh --remove: removes the root from the cache, and build/.
set -eu
self=root
. "$(dirname "$0")/lib.sh"

tools=$clone/tools
suite=${KERNEL_SUITE:-trixie-backports}
arch=amd64
debs=$cache/debs
log=$build/root.log
export tools suite base="${suite%-backports}" arch debs

recipe=$(sed '/^[[:space:]]*#/d' "$tools/root/recipe.sh" "$tools/root/packages" "$tools/root/sources" | sha256sum | cut -c 1-12)
user=$(id -u)
name=$suite-$arch-$recipe
[ "$user" = 0 ] || name=$name-$user
done=$cache/roots/$name
export work="$cache/unfinished/$name"

use() {
	mkdir -p "$build"
	touch -c "$done"
	[ "$(readlink "$build/root" || :)" = "$done" ] || ln -sfn "$done" "$build/root"
	cmp -s "$done/etc/ukl/versions" "$build/versions" || cp "$done/etc/ukl/versions" "$build/versions"
	exit 0
}

# remove FOLDER: what a user namespace made, only a user namespace can remove.
remove() {
	$mount_ns rm -rf --one-file-system "$@"
}

if [ "${1:-}" = --remove ]; then
	[ ! -d "$done" ] || mv -T "$done" "$work.removed"
	remove "$work" "$work.removed"
	exec rm -rf "$build"
fi
[ ! -d "$done" ] || use

case $suite in
*[!a-z0-9-]*) die "KERNEL_SUITE=$suite is not the name of a Debian suite" ;;
esac
[ "$(uname -m)" = x86_64 ] || die "the build root needs an x86-64 machine; this is $(uname -m)"
why=$(why_no_mount_ns)
[ -z "$why" ] || die "$why"

# stage NAME SECONDS TEXT: runs stage_NAME of the recipe, unless an earlier run finished it.
stage() {
	[ ! -e "$work/$1.done" ] || return 0
	printf 'root: %s (about %s s) ... ' "$3" "$2" >&2
	start=$(date +%s)
	# shellcheck disable=SC2016
	if ! $mount_ns setpriv --pdeathsig KILL -- unshare --pid -- sh -c '
		setpriv --pdeathsig KILL -- sh -ec "mount -t proc proc /proc; . \"\$tools/root/recipe.sh\"; stage_$1"
		exit $?' sh "$1" >>"$log" 2>&1; then
		echo "failed" >&2
		tail -n 15 "$log" | sed 's/^/    /' >&2
		die "$1 failed: see $log; when the cause is gone, run the same command again and it goes on from here"
	fi
	: >"$work/$1.done"
	echo "$(($(date +%s) - start)) s" >&2
}

mkdir -p "$build" "$work" "$debs" "$cache/roots"
exec 9>"$cache/lock"
if ! flock -n 9; then
	say "another run is filling $cache: waiting for it"
	flock 9
	[ ! -d "$done" ] || use
fi
: >"$log"

missing=
command -v mmdebstrap >/dev/null || missing="$missing mmdebstrap"
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
if [ -n "$missing" ]; then
	if [ "$user" != 0 ] || ! command -v apt-get >/dev/null; then
		die "please install$missing (Debian: apt-get install$missing), then run this again"
	fi
	say "installing on this machine:$missing"
	# shellcheck disable=SC2086
	{ apt-get update -q && apt-get install -y -q --no-install-recommends $missing; } >>"$log" 2>&1 ||
		die "apt-get could not install$missing: see $log"
fi

# apt reads the proxy from this machine's configuration only for its own root.
if [ -z "${http_proxy:-}" ] && command -v apt-config >/dev/null; then
	eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
	[ -z "${http_proxy:-}" ] || export http_proxy
fi

say "making the build root for $suite; downloads and the result are kept in $cache"
stage system 70 "1/4 Debian $base, kernel image, compilers, QEMU: download and unpack"
stage source 25 "2/4 kernel source: unpack and configure"
stage tree 110 "3/4 kernel source: compile what Rust modules need"
stage record 1 "4/4 record versions"
mv "$work/root" "$done"
rm -rf "$work"
find "$cache/roots" "$cache/unfinished" -mindepth 1 -maxdepth 1 -mtime +30 | while read -r unused; do remove "$unused"; done
use
