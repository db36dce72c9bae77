#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# build.sh: the C library for ring 0, in build/libc. Run by tools/libc.sh inside the build root.
set -eu
here=/ukl/tools/libc
out=/ukl/build/libc
. /ukl/tools/cc/flags.sh
resource=$(clang -print-resource-dir)

# musl with our architecture in it, which is x86_64 but for what is in the overlay.
musl=$out/musl
rm -rf "$musl" "${out:?}/include" "${out:?}/lib"
mkdir -p "$out/lib" "$out/obj"
cp -r /ukl/build/sources/musl "$musl"
cd "$musl"
cp -r arch/x86_64 arch/ukl
cp arch/aarch64/bits/float.h arch/ukl/bits
cp -r $here/overlay/. .
for patch in "$here"/patches/*.patch; do
	busybox patch -p1 -i "$patch" >/dev/null
done
# shellcheck disable=SC2086
make -s -j"$(nproc)" ARCH=ukl CC=clang AR=llvm-ar RANLIB=llvm-ranlib prefix=/ includedir=/include DESTDIR="$out" \
	CFLAGS_C99FSE="-std=c99 -nostdinc -ffreestanding -fno-strict-aliasing -w" CFLAGS_AUTO= \
	CFLAGS="$flags -O2 -fomit-frame-pointer" LIBCC= \
	lib/libc.a lib/crt1.o install-headers
cp lib/libc.a lib/crt1.o "$out/lib"

# The kernel's headers for programs.
cp -rL /usr/include/linux /usr/include/asm-generic /usr/include/mtd /usr/include/rdma "$out/include"
cp -rL /usr/include/x86_64-linux-gnu/asm "$out/include"
mkdir -p "$out/include/ukl"
cp /ukl/include/ukl/linux.h "$out/include/ukl"
mkdir -p "$out/include/c++"
cp $here/cxx/* "$out/include/c++"

# Floating point, as what rustc itself links: newer ones have the crate in their own source.
no_jump_tables=-Zno-jump-tables
! rustc -C help | grep -q ' jump-tables=' || no_jump_tables=-Cjump-tables=n
builtins=$(rustc --print sysroot)/lib/rustlib/src/rust/library/compiler-builtins/compiler-builtins/src/lib.rs edition=2024
[ -e "$builtins" ] || builtins=$(echo /ukl/build/downloads/registry/src/*/compiler_builtins-*/src/lib.rs) edition=2021
cd "$out/obj"
rm -rf ./*
# shellcheck disable=SC2086
RUSTC_BOOTSTRAP=1 rustc -Zunstable-options --edition=$edition --crate-name compiler_builtins --crate-type rlib \
	--target=/usr/src/linux/scripts/target.json --sysroot=/dev/null -L /usr/src/linux/rust \
	$rust_flags $no_jump_tables -Copt-level=3 -Ccodegen-units=10000 -Cembed-bitcode=n --cap-lints=allow \
	-Aexplicit_builtin_cfgs_in_flags --cfg unix --cfg f128_enabled --cfg 'feature="compiler-builtins"' \
	--cfg 'feature="no-asm"' --cfg 'feature="unstable"' --cfg 'feature="force-soft-floats"' \
	--cfg 'feature="mem-unaligned"' --cfg 'feature="unmangled-names"' --emit=link -o builtins.rlib "$builtins"
llvm-ar x builtins.rlib
rm -f lib.rmeta builtins.rlib

cc="clang $flags -O2 -D_GNU_SOURCE -nostdinc -isystem $out/include -isystem $resource/include"
$cc -c $here/cpu.c -o cpu.o
llvm-ar qcs "$out/lib/libc.a" ./*.o

# What is different in user space.
$cc -c $here/user/start.S -o start.o
$cc -c $here/user/syscall.c -o syscall.o
x86_64-linux-gnu-ld -r -o "$out/lib/user.o" start.o syscall.o
cp $here/ring0/* "$out/lib"

for library in m rt pthread crypt util xnet resolv dl; do
	llvm-ar rcs "$out/lib/lib$library.a"
done
$here/check.sh "$out/lib/libc.a"
