#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# toolchain.sh KDIR: what to say to make so that it builds modules with the compiler that the kernel tree KDIR was built
# with: CC=… of gcc, LLVM=1 of clang. CC_WRAPPER: a program that is to run gcc.
set -eu
config=${1:?usage: tools/toolchain.sh KDIR}/.config
if grep -q '^CONFIG_CC_IS_CLANG=y$' "$config"; then
	echo LLVM=1
	exit
fi
cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) .*/\1/p' "$config")
if [ -n "${CC_WRAPPER:-}" ]; then
	echo "'CC=$CC_WRAPPER $cc'"
else
	echo "CC=$cc"
fi
