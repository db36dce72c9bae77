#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# programs.sh [NAME...]: builds programs in C, each for ring 0 as build/modules/NAME.ko, and from the same objects for user
# space in build/programs. One of a single file is samples/NAME/NAME.c or selftests/programs/NAME.c; any other is built by
# samples/NAME/recipe.sh from the sources that its line "sources:" names. Without NAME, all there are.
set -eu
self=programs
. "$(dirname "$0")/lib.sh"
cd "$clone"

if [ $# = 0 ]; then
	for file in samples/*/recipe.sh samples/hello_c/hello_c.c selftests/programs/*.c; do
		name=$(basename "$file" .c)
		[ "$name" != recipe.sh ] || name=$(basename "$(dirname "$file")")
		set -- "$@" "$name"
	done
fi
tools/libc.sh
mkdir -p build/programs build/modules build/obj/programs

# Run in the build root: NAME and its file or recipe.
# shellcheck disable=SC2016
build='set -eu
	export PATH=/ukl/tools/cc:$PATH SOURCES=/ukl/build/sources PROGRAMS=/ukl/build/programs MODULES=/ukl/build/modules
	rm -rf "build/obj/programs/$1"
	mkdir -p "build/obj/programs/$1"
	cd "build/obj/programs/$1"
	export UKL_MODULE_ARGS=$PWD/args
	case $2 in
	*.c)
		ukl-cc -std=gnu11 -O2 -Wall -Wextra -o "$1" "/ukl/$2"
		cp "$1" "$PROGRAMS"
		ukl-module -o "$MODULES" --license GPL "$1" "$1.ukl.o"
		;;
	*) sh "/ukl/$2" ;;
	esac'

for name; do
	for file in samples/$name/recipe.sh samples/$name/$name.c selftests/programs/$name.c; do
		[ ! -e "$file" ] || break
	done
	[ -e "$file" ] || die "there is no program $name: neither samples/$name/recipe.sh nor samples/$name/$name.c"
	sources=$(sed -n 's/^# sources: //p' "$file")
	headers=
	[[ $file != selftests/* ]] || headers=$(echo selftests/programs/*.h)
	# shellcheck disable=SC2086
	[ -z "$sources" ] || tools/source.sh $sources
	# shellcheck disable=SC2086
	stamp=$({
		cat build/libc/stamp "$file" $headers tools/cc/* tools/programs.sh build/sdk/Module.symvers
		for source in $sources; do cat "build/sources/$source.sum"; done
	} | sha256sum)
	kept=build/obj/programs/$name.stamp
	if [ "$(cat "$kept" 2>/dev/null)" = "$stamp" ] && [ -e "build/modules/$name.ko" ]; then
		continue
	fi
	rm -f "$kept"
	say "building $name for ring 0 and for user space"
	tools/enter.sh bash -c "$build" bash "$name" "$file" >"build/obj/programs/$name.log" 2>&1 || {
		tail -n 20 "build/obj/programs/$name.log" >&2
		die "$name cannot be built: see build/obj/programs/$name.log"
	}
	# objtool says here what it does not understand.
	if grep -q 'warning: objtool' "build/obj/programs/$name.log"; then
		grep 'warning: objtool' "build/obj/programs/$name.log" >&2
		die "$name has code that objtool does not understand"
	fi
	echo "$stamp" >"$kept"
done
