#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# samples/chat: what its clients hear, also of ones that break or do not read.
. "$(dirname "$0")/../lib.sh"

chat=$build/selftests/chat
port=7200
# MAX_CLIENTS in samples/chat and in selftests/chat.c.
most=256

# The clients against a server of user space, so that they are known to be right.
clients_are_right() {
	local status=0
	"$chat" serve $port &
	"$chat" talk $port && "$chat" crowd $port 50 && "$chat" full $port $most || status=1
	kill $!
	return $status
}

# A line by hand, as nc would send it.
by_hand() {
	local line
	exec 5<>/dev/tcp/127.0.0.1/$port || return 1
	echo "/nick shell" >&5
	read -r line <&5
	[[ $line == '* you are guest'* ]] || return 1
	read -r line <&5
	[ "$line" = '* you are shell' ] || return 1
	echo /quit >&5
	! read -r line <&5
	exec 5>&-
}

is_alone() {
	[ "$(table apps chat sockets)" = 1 ] && [ "$(table apps chat threads)" = 1 ]
}

nothing_left() {
	until_true 20000 is_alone
}

unload_with_clients() {
	local status=0
	"$chat" hold $port 100 >"$test_output.held" &
	until_true 30000 grep -qs ready "$test_output.held" && within $stop_limit rmmod chat || status=1
	wait $! || status=1
	cat "$test_output.held"
	return $status
}

says_so() {
	dmesg | grep "chat: cannot listen on port $port: -EADDRINUSE"
}

port_taken() {
	local status=0
	"$peer" serve 6 $port &
	until_true 20000 listens && load chat port=$port && until_true 20000 says_so || status=1
	kill $!
	rmmod chat && return $status
}

listens() {
	[ -n "$(ss -Htln "sport = $port")" ]
}

ktap_print_header
want ukl
check "the clients are right" clients_are_right
port=$((port + 1))
check "starts" load chat port=$port
check "a line by hand" by_hand
check "clients talk" "$chat" talk $port
check "100 clients hear each other" "$chat" crowd $port 100
check "nothing is left" nothing_left
check "$most clients, and no more" "$chat" full $port $most
check "nothing is left of those" nothing_left
check "unload with 100 clients" unload_with_clients
port=$((port + 1))
expect_in_log "chat: cannot listen on port $port: -EADDRINUSE"
check "says that its port is taken" port_taken
finish
