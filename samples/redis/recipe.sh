#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Redis of Debian's source package, unchanged. Run by tools/programs.sh in the build root, in an empty folder.
# sources: redis
set -eu

cp -a "$SOURCES/redis" .

# The allocator that it comes with, but as malloc(): with a prefix, Redis asks it for statistics ten times a second.
# What ring 0 has mapped takes memory, so that none is kept mapped for later.
cp -a redis/deps/jemalloc .
(
	cd jemalloc
	./configure -q --disable-cxx --disable-doc --disable-shared --disable-libdl --disable-initial-exec-tls \
		--disable-cache-oblivious --disable-stats --disable-fill --with-jemalloc-prefix= --with-lg-quantum=3 \
		--with-lg-page=12 --with-lg-hugepage=21 --with-malloc-conf=retain:false \
		--with-version=5.3.0-0-g0 CC=ukl-cc AR=llvm-ar RANLIB=llvm-ranlib CFLAGS='-O3 -flto'
	make -s -j"$(nproc)" lib/libjemalloc.a AR=llvm-ar
)

# Without TLS and modules, which want libraries of the system's, and without vector sets, which want vector registers.
make -s -C redis/src -j"$(nproc)" redis-server OPT='-O3 -flto -fomit-frame-pointer' \
	MALLOC=libc REDIS_LDFLAGS="$PWD/jemalloc/lib/libjemalloc.a" BUILD_TLS=no SKIP_VEC_SETS=yes USE_SYSTEMD=no \
	CC=ukl-cc CXX=ukl-c++ AR=llvm-ar RANLIB=llvm-ranlib
cp redis/src/redis-server "$PROGRAMS"
# Redis 8 is under a choice of three licences, none of which the kernel calls compatible with its own; this is the word that
# it has for them.
# Its report of a crash tests memory with a megabyte of stack.
ukl-module -o "$MODULES" --license Proprietary --defaults 'stack=4M bypass=64 sched=batch' redis redis/src/redis-server.ukl.o
