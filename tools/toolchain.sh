#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# toolchain.sh KDIR: what to say to make so that it builds modules with the compiler that the kernel tree KDIR was built
# with: CC=… of gcc, LLVM=1 of clang.
set -eu
config=${1:?usage: tools/toolchain.sh KDIR}/.config
if grep -q '^CONFIG_CC_IS_CLANG=y$' "$config"; then
	echo LLVM=1
else
	sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\) .*/CC=\1/p' "$config"
fi
