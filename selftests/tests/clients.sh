#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The samples with 200 clients at once.
. "$(dirname "$0")/../lib.sh"

n=200

# An echo server and a Redis of user space, so that the clients are known to be right.
echo_peer() {
	local status
	"$peer" serve 6 7010 &
	"$peer" echo 4 7010 $n 20000 && "$peer" echo 6 7010 $n 20000
	status=$?
	kill $!
	return $status
}

redis() {
	local status
	redis-server --port 7011 --save '' --daemonize no --loglevel warning &
	until_true 10000 redis-cli -p 7011 ping >/dev/null
	"$peer" resp 4 7011 $n 20
	status=$?
	kill $!
	wait $!
	return $status
}

# Connections that ended have left nothing: an application has its threads, each with a listener.
nothing_left() {
	until_true 20000 is_alone "$@" || {
		cat "$ukl_debugfs/apps"
		return 1
	}
}

is_alone() {
	[ "$(table apps "$1" sockets)" = "${2:-1}" ] && [ "$(table apps "$1" threads)" = "${2:-1}" ]
}

ktap_print_header
want ukl
check "echo peer, $n clients" echo_peer
check "redis-server, $n clients" redis
check "load echo" load echo port=7012
check "echo, $n IPv4 clients" "$peer" echo 4 7012 $n 20000
check "echo, $n IPv6 clients" "$peer" echo 6 7012 $n 20000
check "echo, one client with 16 MB" "$peer" echo 4 7012 1 $((16 << 20))
check "echo has nothing left" nothing_left echo
check "load kv" load kv port=7013 threads=3
check "kv, $n IPv4 clients" "$peer" resp 4 7013 $n 20
check "kv, $n IPv6 clients" "$peer" resp 6 7013 $n 20
check "kv has nothing left" nothing_left kv 3
finish
