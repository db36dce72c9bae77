#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Redis of Debian's source package, unchanged. Run by tools/programs.sh in the build root, in an empty folder.
# sources: redis
set -eu

cp -a "$SOURCES/redis" .
# Without TLS and modules, which want libraries of the system's, and without vector sets, which want vector registers.
make -s -C redis/src -j"$(nproc)" redis-server MALLOC=libc BUILD_TLS=no SKIP_VEC_SETS=yes USE_SYSTEMD=no OPTIMIZATION=-O3 \
	CC=ukl-cc CXX=ukl-c++ AR=llvm-ar RANLIB=llvm-ranlib
cp redis/src/redis-server "$PROGRAMS"
# Redis 8 is under the AGPLv3, or two other licences, and is not made for being distributed in one piece with a kernel. What
# is said here is for the module loader of the machine that it is built on.
ukl-module -o "$MODULES" --license GPL --defaults stack=1M redis redis/src/redis-server.ukl.o
