#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# UDP.
. "$(dirname "$0")/../lib.sh"

peer_is_right() {
	local status=0
	"$peer" udp-serve 6 7300 &
	"$peer" udp-echo 6 7300 500 && "$peer" udp-echo 4 7300 500 || status=1
	kill $!
	return $status
}

served() {
	local status=0
	echo "udp.serve 7301" >"$cases/start"
	"$peer" udp-echo 6 7301 500 && "$peer" udp-echo 4 7301 500 || status=1
	echo 1 >"$cases/stop"
	grep -qx 'status -4' "$cases/result" && return $status
}

ktap_print_header
run_cases udp
check "the peer against itself" peer_is_right
check "an application that serves the peer" served
finish
