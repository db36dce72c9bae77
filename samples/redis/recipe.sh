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
build() {
	folder=$1
	shift
	make -s -C "$folder/src" -j"$(nproc)" redis-server BUILD_TLS=no SKIP_VEC_SETS=yes USE_SYSTEMD=no MALLOC=libc \
		AR=llvm-ar RANLIB=llvm-ranlib "$@"
}

# Which way its branches go, by the same source in user space, asked for all that redis-benchmark asks for.
cp -a redis trained
build trained CC='clang -fprofile-generate' CXX='clang++ -fprofile-generate' OPT=-O1
LLVM_PROFILE_FILE=$PWD/profraw trained/src/redis-server --port 0 --unixsocket "$PWD/socket" --save '' >trained.log &
until redis-cli -s "$PWD/socket" ping >/dev/null 2>&1; do kill -0 $! || exit; sleep 0.1; done
redis-benchmark -s "$PWD/socket" -q -n 2000 >/dev/null
for size in 3 1024; do redis-benchmark -s "$PWD/socket" -q -n 50000 -t get,set -d $size >/dev/null; done
redis-cli -s "$PWD/socket" shutdown nosave
wait $!
llvm-profdata merge -o profile profraw

build redis CC=ukl-cc CXX=ukl-c++ OPT="-O3 -flto -fomit-frame-pointer -fprofile-use=$PWD/profile" \
	REDIS_LDFLAGS="$PWD/jemalloc/lib/libjemalloc.a"
cp redis/src/redis-server "$PROGRAMS"
# Redis 8 is under a choice of three licences, none of which the kernel calls compatible with its own; this is the word that
# it has for them.
# Its report of a crash tests memory with a megabyte of stack.
ukl-module -o "$MODULES" --license Proprietary --defaults 'stack=4M bypass=64 sched=batch' redis redis/src/redis-server.ukl.o
