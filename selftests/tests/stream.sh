#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A gigabyte each way between ukl_tcp_send()/ukl_tcp_recv() and a peer in user space, in random chunks
# of 1 byte to 1 MB, every byte compared on the way.
. "$(dirname "$0")/../lib.sh"

large=$((1 << 30))
small=$((16 << 20))

# The peer against itself, so that it is known to be right.
peers() {
	"$peer" stream listen receive "$1" 7001 "$small" "$2" &
	"$peer" stream connect send "$1" 7001 "$small" "$3"
	wait $!
}

listens() {
	[ -n "$(ss -Htln "sport = $1")" ]
}

# An error in the stream must be noticed.
peers_that_differ() {
	! peers "$@"
}

# stream CASE FAMILY BYTES PEER...: a case of ukl_test.ko with a peer.
stream() {
	local start status
	start=$(now_ms)
	"$peer" stream "$4" "$5" "$2" 7002 "$3" 42 &
	[ "$4" = connect ] || until_true 10000 listens 7002
	run_case "stream.$1" "$2 7002 $3 42"
	status=$?
	# A peer that never got its connection waits for ever.
	[ "$status" = 0 ] || kill $! 2>/dev/null
	wait $! || status=1
	start=$(($(now_ms) - start))
	note "$(($3 / 1048576)) MB in $start ms: $(($3 / 1049 / start)) MB/s"
	return $status
}

ktap_print_header
want ukl ukl_test
check "peer against peer, IPv4" peers 4 1 1
check "peer against peer, IPv6" peers 6 2 2
check "peer notices wrong bytes" peers_that_differ 4 1 2
check "send to a peer that listens, IPv6" stream connect_and_send 6 $small listen receive
check "receive from a peer that listens, IPv4" stream connect_and_receive 4 $small listen send
check "send 1 GB, IPv4" stream listen_and_send 4 $large connect receive
check "receive 1 GB, IPv6" stream listen_and_receive 6 $large connect send
finish
