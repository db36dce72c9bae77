#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# vm.sh [CMD...]: boots the stock kernel of the build root and runs CMD there; without CMD (or $CMD), a shell.
# The guest's file system is the build root, writable and forgotten afterwards; /ukl is this clone, for real.
# Environment:
#   CMD      the command, as for bash -c       ICOUNT=1  count instructions: 1 CPU, deterministic
#   CPUS     2                                 NET       none; user: the guest reaches the host's network; or
#                                                        outside: it has clients outside, see tools/vm/outside
#   MEMORY   2G                                LOAD      1: ukl.ko is loaded before CMD; 0: it is not
#   TIMEOUT  600, in seconds, not for a shell  APPEND    more kernel arguments
#   KERNEL   the stock one; kasan or kcsan: that of build/debug, and the modules that were built for it
#   MODULES  build/modules, or that kernel's; or another folder of this clone with modules for it
#   NAME     the run's folder in build/vm, for its logs (default: a new one; the last 10 are kept)
# Exit status: CMD's; 124 on TIMEOUT; 125 if the machine died or did not start.
# Logs: build/vm/NAME/console.log and dmesg.log; build/vm/console.log and dmesg.log are the last run's.
set -eu
self=vm
. "$(dirname "$0")/lib.sh"

command=${CMD:-}
[ $# = 0 ] || command=$*
shell=0
[ -n "$command" ] || shell=1
: "${CPUS:=2}" "${MEMORY:=2G}" "${ICOUNT:=0}" "${NET:=none}" "${LOAD:=1}" "${TIMEOUT:=600}" "${APPEND:=}" "${KERNEL:=stock}"
[ "$ICOUNT" != 1 ] || CPUS=1

die() {
	say "$*"
	exit 125
}

case $CPUS in *[!0-9]* | '') die "CPUS=$CPUS is not a number" ;; esac
case $TIMEOUT in *[!0-9]* | '') die "TIMEOUT=$TIMEOUT is not a number of seconds" ;; esac
case ${NAME:-} in */*) die "NAME=$NAME is not the name of a folder" ;; esac
case $APPEND in *\'*) die "APPEND cannot hold quotes" ;; esac
case $NET in none | user | outside) ;; *) die "NET=$NET is neither none nor user nor outside" ;; esac
modules=build/modules makes="'make'"
case ${MODULES:-} in *[!A-Za-z0-9_./-]*) die "MODULES=$MODULES is not a folder of this clone" ;; esac
[ -z "${MODULES:-}" ] || [ -d "$clone/$MODULES" ] || die "MODULES=$MODULES is not there"
if [ "$KERNEL" != stock ]; then
	modules=build/debug/$KERNEL/modules makes="tools/debug/modules.sh $KERNEL"
	[ -e "$build/debug/$KERNEL/done" ] || die "KERNEL=$KERNEL is not built: run tools/debug/kernel.sh $KERNEL"
fi
modules=${MODULES:-$modules}
if [ "$LOAD" = 1 ] && [ ! -e "$clone/$modules/ukl.ko" ]; then
	die "$modules/ukl.ko is not there: run $makes first, or use LOAD=0"
fi
[ -e "$build/root/etc/ukl/kernel" ] || die "there is no build root: run 'make root' first"

mkdir -p "$build/vm"
name=${NAME:-$(date +%Y%m%d-%H%M%S)-$$}
run=$build/vm/$name
rm -rf "$run"
mkdir "$run"
# shellcheck disable=SC2012
ls -dt "$build"/vm/2*-* 2>/dev/null | tail -n +11 | xargs -r rm -rf
for log in console dmesg; do ln -sfn "$name/$log.log" "$build/vm/$log.log"; done

# shellcheck disable=SC2046
set -- $(stty size 2>/dev/null || echo 24 80)
printf '%s\n' "$command" >"$run/command"
cat >"$run/job" <<END
CPUS=$CPUS MEMORY=$MEMORY ICOUNT=$ICOUNT NET=$NET LOAD=$LOAD TIMEOUT=$TIMEOUT KERNEL=$KERNEL MODULES=$modules
APPEND='$APPEND' SHELL_WANTED=$shell GUEST_TERM=${TERM:-dumb} ROWS=$1 COLUMNS=$2
END
exec "$clone/tools/enter.sh" tools/vm/host "/ukl/build/vm/$name"
