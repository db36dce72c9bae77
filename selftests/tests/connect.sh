#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Connecting: time-outs, without waiting, errors.
. "$(dirname "$0")/../lib.sh"

# A network that takes everything and answers nothing, and one that the routes refuse.
make_void() {
	ip link add void type dummy && ip link set void up &&
		ip address add 198.51.100.1/24 dev void && ip route add unreachable 203.0.113.0/24
}

into_the_void() {
	run_case connect.into_the_void 198.51.100.2 203.0.113.2
}

ktap_print_header
run_cases connect
check "a network without answers" make_void
check "into the void" into_the_void
ip route del unreachable 203.0.113.0/24
ip link del void
finish
