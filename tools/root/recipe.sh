# shellcheck shell=sh disable=SC2016,SC2154
# SPDX-License-Identifier: GPL-2.0
# What makes the build root, stage by stage; its text is part of the cache key. Run by tools/root.sh in namespaces
# of its own, with $suite, $arch, $tools, $debs (downloads) and $work, where the root grows as $work/root. Every
# stage can be started again after it was killed.

# A Debian of the kernel's release with all packages: linux-* from $suite, the rest from the release itself. What a
# mirror has is signed however long it was not renewed.
stage_system() {
	base=${suite%-backports}
	rm -rf "$work/root"
	mkdir -p "$debs/partial"
	export INITRD=No
	mmdebstrap --mode=root --variant=apt --arch="$arch" \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/lib/llvm-*/lib/*.a' \
		--dpkgopt='path-include=/usr/lib/llvm-*/libclang_rt.profile-x86_64.a' \
		--dpkgopt='path-exclude=/usr/src/rustc-*/*' \
		--dpkgopt='path-include=/usr/src/rustc-*/library/*' \
		--aptopt='APT::Sandbox::User "root"' \
		--aptopt='Acquire::Languages "none"' \
		--aptopt='Acquire::Retries "3"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--setup-hook='[ "$base" = "$suite" ] || sed -i -E "/^deb .* $base /{p;s/ $base / $suite /}" "$1/etc/apt/sources.list"' \
		--setup-hook='sed -i -E "/^deb /{p;s/^deb /deb-src /}" "$1/etc/apt/sources.list"' \
		--setup-hook='printf "Package: linux-*\nPin: release n=%s\nPin-Priority: 990\n" "$suite" >"$1/etc/apt/preferences.d/ukl"' \
		--setup-hook='mkdir -p "$1/var/cache/apt/archives"; mount --bind "$debs" "$1/var/cache/apt/archives"' \
		--customize-hook='umount "$1/var/cache/apt/archives"; mkdir "$1/ukl" "$1/etc/ukl"' \
		--customize-hook='chroot "$1" apt-get source -qq --print-uris --only-source $(cat "$tools/root/sources") >"$1/etc/ukl/sources"' \
		--skip=cleanup/apt/cache,essential/unlink \
		--include="$(sed 's/#.*//' "$tools/root/packages" | xargs | tr ' ' ,)" \
		"$base" "$work/root"
}

# The kernel's source, configured as the stock image was: /usr/src/linux.
stage_source() {
	inside sh -exc '
		headers=$(echo /usr/src/linux-headers-*-amd64)
		release=${headers#*linux-headers-}
		source=$(echo /usr/src/linux-source-*.tar.xz)
		cc=$(sed -n "s/^CONFIG_CC_VERSION_TEXT=\"\([^ ]*\).*/\1/p" "$headers/.config")
		rm -rf /usr/src/linux
		mkdir /usr/src/linux
		cd /usr/src/linux
		tar --strip-components=1 -xf "$source"
		cp "$headers/.config" "$headers/Module.symvers" .
		echo "${release#"$(make -s kernelversion)"}" >localversion
		ln -sfn /usr/src/linux "/lib/modules/$release/build"
		printf "release=%s\nkdir=/usr/src/linux\ncc=%s\n" "$release" "$cc" >/etc/ukl/kernel
		make "CC=$cc" rustavailable olddefconfig
		test "$(make -s "CC=$cc" kernelrelease)" = "$release"
	'
}

# What a build of Rust modules needs of that tree: host tools, generated headers, metadata of the kernel crates.
stage_tree() {
	inside sh -exc '
		. /etc/ukl/kernel
		make -C "$kdir" "CC=$cc" "-j$(nproc)" prepare modules_prepare
		tools/kdir-check.sh "$kdir"
	'
}

stage_record() {
	inside sh -ec '
		. /etc/ukl/kernel
		image=$(dpkg-query -W -f "\${Version}" "linux-image-$release")
		source=$(dpkg-query -W -f "\${Version}" "linux-source-$(echo "$release" | cut -d. -f1,2)")
		if [ "$image" != "$source" ]; then
			echo "linux-image is $image but linux-source is $source: the archive is being updated, try again later"
			exit 1
		fi
		{
			echo "suite=$1"
			cat /etc/ukl/kernel
			dpkg-query -W -f "\${Package}=\${Version}\n" "linux-image-$release" "linux-headers-$release" \
				linux-source linux-perf rustc bindgen "${cc##*-linux-gnu-}" clang pahole \
				qemu-system-x86 virtme-ng redis-server memcached
		} >/etc/ukl/versions
	' sh "$suite"
}

inside() {
	ENTER_ROOT=$work/root ENTER_RW=1 "$tools/enter.sh" "$@"
}
