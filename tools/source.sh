#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# source.sh PACKAGE...: unpacks the upstream source of each Debian source package to build/sources/PACKAGE. The
# tarballs are kept in the cache; where they come from and what they are was recorded when the build root was made.
set -eu
self=source
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "usage: tools/source.sh PACKAGE..."
list=$build/root/etc/ukl/sources
[ -e "$list" ] || die "there is no build root: run 'make root' first"
mkdir -p "$cache/sources" "$build/sources"

for package; do
	line=$(sed -n "s/^'\([^']*\)' \(${package}_[^ ]*\.orig\.tar\.[a-z0-9]*\) [0-9]* SHA256:\([0-9a-f]*\)\$/\1 \2 \3/p" "$list")
	[ -n "$line" ] || die "no package of the name $package: see tools/root/sources"
	# shellcheck disable=SC2086
	set -- $line
	uri=$1 file=$2 sum=$3
	to=$build/sources/$package
	[ "$(cat "$to.sum" 2>/dev/null)" != "$sum" ] || continue
	if ! echo "$sum  $cache/sources/$file" | sha256sum --check --status 2>/dev/null; then
		say "downloading $file"
		ENTER_DOWNLOADS=$cache/sources "$clone/tools/enter.sh" /usr/lib/apt/apt-helper \
			-o APT::Sandbox::User=root -o Acquire::Retries=3 \
			download-file "$uri" "build/downloads/$file" "SHA256:$sum" >&2 ||
			die "could not download $file, or it is not what it was when the build root was made"
	fi
	rm -rf "$to" "$to.sum"
	mkdir "$to"
	tar --no-same-owner --strip-components=1 -C "$to" -xf "$cache/sources/$file"
	echo "$sum" >"$to.sum"
done
