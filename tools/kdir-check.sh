#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# kdir-check.sh KDIR: nothing if Rust modules can be built against the kernel tree KDIR; else one line that says
# why not and what to do, and status 1.
set -eu
kdir=${1:?usage: tools/kdir-check.sh KDIR}

no() {
	echo "KDIR=$kdir: $*" >&2
	exit 1
}

# config NAME: the value of CONFIG_NAME, without quotes.
config() {
	sed -n "s/^CONFIG_$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$kdir/.config"
}

has() {
	command -v "$1" >/dev/null
}

without="or leave KDIR out, which builds in a Debian tree of its own"

[ -d "$kdir" ] || no "there is no such folder: install your kernel's headers package, $without"
[ -f "$kdir/Makefile" ] || no "is not a kernel tree, it has no Makefile: give a kernel build folder, $without"
[ -f "$kdir/.config" ] || no "has no .config: give the folder the kernel was built in, or its headers, $without"
[ "$(config RUST)" = y ] || no "its kernel was built without Rust (CONFIG_RUST is not set): use another kernel, $without"

for file in libcore.rmeta libkernel.rmeta libbindings.rmeta; do
	[ -f "$kdir/rust/$file" ] || no "has no Rust metadata (rust/$file), as most headers packages: give a prepared source tree, $without"
done

want=$(config RUSTC_VERSION_TEXT)
has rustc || no "needs $want and there is no rustc: install it, $without"
have=$(rustc --version)
[ "$have" = "$want" ] || no "was built with $want but rustc here is $have: put the former first in PATH, $without"

want=$(config BINDGEN_VERSION_TEXT)
has bindgen || no "needs $want and there is no bindgen: install it, $without"
have=$(bindgen --version)
[ "$have" = "$want" ] || no "was built with $want but bindgen here is $have: put the former first in PATH, $without"

want=$(config CC_VERSION_TEXT)
cc=${want%% *}
case $want in *"clang version"*) cc=clang ;; esac
has "$cc" || no "was built with $want and there is no $cc: install it, $without"
