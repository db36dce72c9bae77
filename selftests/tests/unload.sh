#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Unloading: refused while in use, quick and complete with connections open.
. "$(dirname "$0")/../lib.sh"

n=100

# The system call itself: rmmod asks before it tries.
in_use() {
	local error
	! error=$(busybox rmmod ukl 2>&1) || return 1
	echo "$error"
	[[ $error == *'temporarily unavailable'* ]]
}

rmmod_says_so() {
	local error
	! error=$(rmmod ukl 2>&1) || return 1
	echo "$error"
	[[ $error == *"in use by: ukl_test"* ]]
}

app_runs() {
	[ "$(head -n 1 "$cases/result")" = running ] && [ "$(table apps hold.in_recv mode 2>&1)" != "" ] &&
		[ "$(table threads hold.in_recv mode)" = kernel ]
}

# What is left of a module: its threads, its lines in debugfs, its port.
gone() {
	! loaded "$1" && ! grep -q "^$2	" "$ukl_debugfs/apps" && ! grep -q "^$2	" "$ukl_debugfs/threads" &&
		! grep -qsx "$2" /proc/[0-9]*/comm && [ -z "$(ss -Htln "sport = $3")" ]
}

# live MODULE APPLICATION PORT TEXT [LISTENERS]: unloads MODULE with connections that have been used.
live() {
	local holder status heard=/tmp/hold.out sockets=$((n + ${5:-1}))
	"$peer" hold 4 "$3" $n "$4" >$heard &
	holder=$!
	until_true 30000 grep -qs . $heard
	if ! grep -q ready $heard; then
		cat $heard
		return 1
	fi
	echo "sockets $(table apps "$2" sockets), threads $(table apps "$2" threads)"
	[ "$(table apps "$2" sockets)" = $sockets ] || return 1
	within $stop_limit rmmod "$1"
	status=$?
	wait $holder || status=1
	cat $heard
	grep -q "^ended $n reset 0" $heard || status=1
	gone "$1" "$2" "$3" || status=1
	return $status
}

has_sockets() {
	[ "$(table apps "$1" sockets)" -ge "$2" ]
}

# Unloads MODULE while clients keep it busy.
busy() {
	local clients status
	"$peer" "$3" 4 "$2" 50 "$4" &
	clients=$!
	until_true 20000 has_sockets "$1" 30 || return 1
	within $stop_limit rmmod "$1"
	status=$?
	# What they make of it is theirs; they do not hang.
	wait $clients
	gone "$1" "$1" "$2" || status=1
	return $status
}

start_and_wait() {
	echo "$1 ${2:-}" >"$cases/start" && until_true 20000 test -n "$(table apps "$1" app)"
}

ktap_print_header
want ukl ukl_test
check "start an application" start_and_wait hold.in_recv
until_true 20000 app_runs
check "rmmod of ukl is refused" in_use
check "rmmod says who uses it" rmmod_says_so
check "the application goes on" app_runs
check "unload the application" within $stop_limit rmmod ukl_test
check "ukl can be unloaded then" rmmod ukl

want ukl ukl_test
start_and_wait hold.serve 7020
check "test application with $n connections" live ukl_test hold.serve 7020 x
load echo port=7021
check "echo with $n connections" live echo echo 7021 x
load kv port=7022 threads=2
check "kv with $n connections" live kv kv 7022 $'PING\r\n' 2
load echo port=7023
check "echo with busy clients" busy echo 7023 echo 2000000
load kv port=7024
check "kv with busy clients" busy kv 7024 resp 3000
check "ukl is not in use" rmmod ukl
finish
