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
# Redis 8 is under a choice of three licences, none of which the kernel calls compatible with its own; this is the word that
# it has for them.
# Its report of a crash tests memory with a megabyte of stack.
ukl-module -o "$MODULES" --license Proprietary --defaults stack=4M redis redis/src/redis-server.ukl.o
