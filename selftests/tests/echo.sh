#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# samples/echo in all its variants: many clients, idle ones, ones that do not read.
. "$(dirname "$0")/../lib.sh"

ulimit -n 25000
idle=10000
busy=100
stalled=20
port=7100
# As samples/echo has it.
declare -A most=([blocking]=1000 [readiness]=12000 [inplace]=12000)

# Clients that hold their connections until the other end of the pipe is closed.
hold_open() {
	local word=$1
	shift
	mkfifo "$test_output.in"
	"$peer" "$@" <"$test_output.in" >"$test_output.held" &
	held=$!
	exec 5>"$test_output.in"
	rm "$test_output.in"
	until_true 60000 said_or_ended "$word"
	grep -q "$word" "$test_output.held" || {
		cat "$test_output.held"
		return 1
	}
}

said_or_ended() {
	grep -qs "$1" "$test_output.held" || ! kill -0 "$held" 2>/dev/null
}

let_go() {
	local status=0
	exec 5>&-
	wait "$held" || status=$?
	cat "$test_output.held"
	return $status
}

# Some connections are idle, and others are served meanwhile.
among_idle() {
	local status=0
	hold_open ready idle 4 $port "$1" || return 1
	"$peer" echo 4 $port $busy 20000 || status=1
	let_go && return $status
}

# Some clients do not read, so that their answers wait somewhere.
among_stalled() {
	local status=0
	hold_open stalled stall 4 $port $stalled $((8 << 20)) || return 1
	[ "$1" = alone ] || "$peer" echo 6 $port $busy 20000 || status=1
	let_go && return $status
}

# As many clients as there may be, one more, and one when they have left.
is_full() {
	local status=0
	hold_open ready idle 4 $port "$1" || return 1
	! "$peer" echo 4 $port 1 1 || status=1
	let_go && until_true 10000 "$peer" echo 4 $port 1 1 && return $status
}

# The user-space end against a server of user space. That one waits for who does not read.
peer_is_right() {
	local status=0 server
	"$peer" serve 6 $port &
	server=$!
	among_idle 1000 && among_stalled alone || status=1
	kill $server
	return $status
}

# Nothing but the listeners and their threads.
is_alone() {
	[ "$(table apps echo sockets)" = "$1" ] && [ "$(table apps echo threads)" = "$1" ]
}

left() {
	until_true 10000 is_alone "$1" || {
		cat "$ukl_debugfs/apps"
		return 1
	}
}

start() {
	port=$((port + 1))
	load echo port=$port "$@"
}

stop_with_clients() {
	local status=0
	hold_open stalled stall 4 $port $stalled $((8 << 20)) || return 1
	within $stop_limit rmmod echo || status=1
	# They find their connections ended.
	let_go
	! loaded echo && return $status
}

# Each loop has got connections: with 200 of them, all but surely.
all_loops_work() {
	cat "$ukl_debugfs/threads"
	"$peer" echo 4 $port 200 1000 || return 1
	table threads echo calls | awk '{ n++; if ($1 < 100) bad = 1 } END { exit bad || n != 2 }'
}

refused() {
	! insmod "$modules/echo.ko" "$@"
}

ktap_print_header
want ukl
check "the clients are right" peer_is_right
for mode in blocking readiness inplace; do
	check "$mode: starts" start mode=$mode
	check "$mode: 200 IPv4 clients" "$peer" echo 4 $port 200 20000
	check "$mode: 200 IPv6 clients" "$peer" echo 6 $port 200 20000
	check "$mode: one client with 16 MB" "$peer" echo 4 $port 1 $((16 << 20))
	check "$mode: clients that do not read" among_stalled
	if [ $mode != blocking ]; then
		check "$mode: $idle idle clients, $busy busy ones" among_idle $idle
	fi
	check "$mode: ${most[$mode]} clients, and no more" is_full "${most[$mode]}"
	check "$mode: nothing is left" left 1
	check "$mode: stops with clients that do not read" stop_with_clients
done
check "two loops that spin" start mode=inplace threads=2 spin_us=20
check "both get clients" all_loops_work
check "both are what is left" left 2
check "they stop" within $stop_limit rmmod echo
check "a mode that does not exist is refused" refused mode=fast
check "no threads are refused" refused threads=0
check "too long a spin is refused" refused spin_us=1000000
finish
