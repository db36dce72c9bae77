#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# memcached of Debian's source package, with its libevent, both unchanged. Run by tools/programs.sh in the build root, in an
# empty folder.
# sources: libevent memcached
set -eu

# build FOLDER CFLAGS: libevent, and memcached with it. Its proxy wants Lua and io_uring, TLS and SASL libraries of the system's.
build() {
	mkdir "$1"
	cp -a "$SOURCES/libevent" "$SOURCES/memcached" "$1"
	(
		cd "$1/libevent"
		export CFLAGS="$2" AR=llvm-ar RANLIB=llvm-ranlib
		./configure --quiet --prefix="$1" --disable-shared --disable-openssl --disable-samples \
			--disable-libevent-regress --disable-debug-mode
		make -s -j"$(nproc)" install >/dev/null
		cd ../memcached
		./configure --quiet --with-libevent="$1" --disable-docs --disable-coverage
		make -s -j"$(nproc)" memcached
	)
}

# Which way its branches go, by the same source in user space, asked for what is asked for most.
CC='clang -fprofile-generate' build "$PWD/trained" -O1
port=$((20000 + $$ % 10000))
LLVM_PROFILE_FILE=$PWD/profraw trained/memcached/memcached -u root -l 127.0.0.1 -p $port -t 4 &
until memcping --servers=127.0.0.1:$port >/dev/null 2>&1; do kill -0 $! || exit; sleep 0.1; done
printf '%s\n' key '16 64 1' value '64 1024 1' cmd '0 0.1' '1 0.9' >mix
memcaslap -s 127.0.0.1:$port -T 1 -c 50 -F mix -x 100000 >/dev/null
kill -INT $!
wait $! || true
llvm-profdata merge -o profile profraw

CC=ukl-cc build "$PWD/ring0" "-O3 -flto -fomit-frame-pointer -fprofile-use=$PWD/profile"
cd ring0/memcached
cp memcached "$PROGRAMS"
ukl-module -o "$MODULES" --license "Dual BSD/GPL" --defaults 'stack=256K sched=batch' memcached memcached.ukl.o
