#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Unix sockets.
. "$(dirname "$0")/../lib.sh"

n=100

peer_is_right() {
	local status=0
	"$peer" serve 1 7310 &
	"$peer" echo 1 7310 $n 20000 || status=1
	kill $!
	return $status
}

served() {
	local status=0
	echo "unix.serve @peer.7311" >"$cases/start"
	"$peer" echo 1 7311 $n 20000 || status=1
	echo 1 >"$cases/stop"
	grep -qx 'status -4' "$cases/result" && return $status
}

# What binding to a path has made: sockets that the umask was taken off of, until somebody unlinks them.
paths_are_left() {
	ls -l /tmp/ukl_test.*
	[ -S /tmp/ukl_test.sock.2 ] && [ "$(stat -c %a:%u /tmp/ukl_test.sock.2)" = 755:0 ]
}

ktap_print_header
rm -f /tmp/ukl_test.*
run_cases unix
check "paths are left" paths_are_left
rm -f /tmp/ukl_test.*
check "the peer against itself" peer_is_right
check "an application that serves the peer" served
finish
