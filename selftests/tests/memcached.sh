#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# memcached, unmodified: its three protocols, many connections on many threads, too little memory, and its end. SERVER=debian,
# same_objects or ukl_bypass tests that one; without it, the one in ring 0.
. "$(dirname "$0")/../lib.sh"
program=memcached
. "$(dirname "$0")/../servers.sh"

port=7071
clients=$(dirname "$0")/../memcached_server.py
export MEMCACHED_DIR=$dir MEMCACHED_CONNECTIONS=100

# start ARGUMENT...: starts the server that is tested, on the port unless it is told of a socket.
start() {
	local where=(-p "$port" -U "$port" -l 127.0.0.1) answers=(memcping "--servers=127.0.0.1:$port")
	if [ "$1" = -s ]; then
		where=() answers=(test -S "$2")
	fi
	launch memcached.log "${server_command[@]}" -t 4 "${where[@]}" "$@"
	export MEMCACHED_PID=$pid
	until_true 20000 "${answers[@]}" && return
	tail -n 20 "$dir/memcached.log"
	return 1
}

# ends_by SIGNAL STATUS: a signal ends it, within five seconds: a large module is unloaded meanwhile.
ends_by() {
	kill "-$1" "$pid"
	within 5000 gone "$pid" "$2"
}

# passes PROTOCOL TESTS: memccapable says so of that many.
passes() {
	memccapable -h 127.0.0.1 -p $port "$1" >"$dir/capable"
	cat "$dir/capable"
	tail -n 1 "$dir/capable" | grep -qx 'All tests passed' && [ "$(grep -c '\[pass\]$' "$dir/capable")" = "$2" ]
}

# What Debian's clients make of it.
tools() {
	local servers=--servers=127.0.0.1:$port
	echo contents >"$dir/file"
	memccp $servers "$dir/file" && [ "$(memccat $servers file)" = contents ] && memcexist $servers file &&
		memctouch $servers --expire=100 file && memcrm $servers file && ! memcexist $servers file &&
		memcstat $servers | grep -q 'version: 1\.6\.' && memcflush $servers
}

# A load with its answers verified.
load_it() {
	printf '%s\n' key '16 100 1' value '1 1000 0.8' '1000 8000 0.2' cmd '0 0.3' '1 0.7' >"$dir/load"
	memcaslap -s 127.0.0.1:$port -T 1 -c 40 -w 1k -F "$dir/load" -x 4000 -v 1.0 >"$dir/loaded" 2>&1
	cat "$dir/loaded"
	grep -q '^get_misses: 0$' "$dir/loaded" && grep -q '^verify_failed: 0$' "$dir/loaded" && grep -q '^verify_misses: 0$' "$dir/loaded"
}

# An ending by the command that is there for it.
shuts_down() {
	printf 'shutdown\r\n' >"/dev/tcp/127.0.0.1/$port"
	within 5000 gone "$pid" 0
}

ktap_print_header
need_server
check "start" start -m 64 -c 2000
check "memccapable: the protocol of lines" passes -a 27
check "memccapable: the binary protocol" passes -b 27
check "clients of libmemcached" tools
check "memcaslap, which verifies what it gets" load_it
cases "$clients" $port text numbers unique times meta binary statistics large_values pieces many_connections many_threads udp watch
check "SIGTERM" ends_by TERM 0
check "start, with little memory and an idle timeout" start -m 8 -o idle_timeout=2
cases "$clients" $port eviction idle_kick
check "SIGINT" ends_by INT 0
check "start, with few connections" start -c $MEMCACHED_CONNECTIONS
cases "$clients" $port too_many
check "kill -9" ends_by KILL 137
check "start, on a unix socket" start -s "$dir/socket"
cases "$clients" $port unix_socket
check "SIGTERM" ends_by TERM 0
check "start, to be shut down" start -A
check "shutdown" shuts_down
finish
