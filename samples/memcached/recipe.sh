#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# memcached of Debian's source package, with its libevent, both unchanged. Run by tools/programs.sh in the build root, in an
# empty folder.
# sources: libevent memcached
set -eu

export CC=ukl-cc AR=llvm-ar RANLIB=llvm-ranlib CFLAGS='-O3 -flto -fomit-frame-pointer'
root=$PWD/root

cp -a "$SOURCES/libevent" "$SOURCES/memcached" .
cd libevent
./configure --quiet --prefix="$root" --disable-shared --disable-openssl \
	--disable-samples --disable-libevent-regress --disable-debug-mode
make -s -j"$(nproc)" install >/dev/null
cd ../memcached
# The proxy wants Lua and io_uring, TLS and SASL libraries of the system's.
./configure --quiet --with-libevent="$root" --disable-docs --disable-coverage
make -s -j"$(nproc)" memcached
cp memcached "$PROGRAMS"
ukl-module -o "$MODULES" --license "Dual BSD/GPL" --defaults stack=256K memcached memcached.ukl.o
