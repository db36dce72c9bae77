#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Redis, unmodified: clients of all sorts, scripts, persistence, replication, and its end in every way. SERVER=debian,
# same_objects or ukl_bypass tests that one; without it, the one in ring 0.
. "$(dirname "$0")/../lib.sh"
program=redis
. "$(dirname "$0")/../servers.sh"

port=7061 peer_port=7062
clients=$(dirname "$0")/../redis_server.py
protocol=$(dirname "$0")/../redis.py
export REDIS_DIR=$dir REDIS_MAXCLIENTS=300

cli() {
	redis-cli -p $port "$@"
}

# What redis-benchmark measures unless told otherwise.
all='PING_INLINE PING_MBULK SET GET INCR LPUSH RPUSH LPOP RPOP SADD HSET SPOP ZADD ZPOPMIN LPUSH LRANGE_100 LRANGE_300 LRANGE_500 '
all+='LRANGE_600 MSET XADD'

# answers [PORT]: whether the server is there, and has loaded what it had.
answers() {
	[ "$(redis-cli -p "${1:-$port}" ping 2>&1)" = PONG ]
}

# start ARGUMENT...: starts the server that is tested.
start() {
	launch redis.log "${server_command[@]}" "$@"
	export REDIS_PID=$pid
	until_true 20000 answers && return
	tail -n 20 "$dir/redis.log"
	return 1
}

# start_peer ARGUMENT...: starts another one, in user space.
start_peer() {
	local tested=$pid
	launch peer.log redis-server --port $peer_port --dir "$dir/peer" --save '' --enable-debug-command yes \
		--repl-diskless-sync-delay 0 "$@"
	peer_pid=$pid pid=$tested
	until_true 20000 answers $peer_port
}

stop_peer() {
	kill -KILL "$peer_pid"
	wait "$peer_pid" 2>/dev/null
}

# What most of the cases need.
usual=(--port "$port" --save '' --enable-debug-command yes --repl-diskless-sync-delay 0 --repl-timeout 60)

interactive() {
	local answer
	answer=$(printf '%s\n' 'SET greeting "hello from\tring 0"' 'GET greeting' 'INCR n' 'LPUSH l a b' 'LRANGE l 0 -1' \
		'NOSUCH' 'SUBSTR greeting 0 4' | cli)
	[ "$answer" = "$(printf '%s\n' OK $'hello from\tring 0' 1 2 b a \
		"ERR unknown command 'NOSUCH', with args beginning with: " '' hello)" ] || {
		echo "$answer"
		return 1
	}
}

# Other ways to use it.
command_line() {
	local n
	for ((n = 0; n < 500; n++)); do printf 'SET pipe:%s %s\r\n' $n $n; done | cli --pipe >"$dir/pipe" || return 1
	cat "$dir/pipe"
	grep -q 'errors: 0, replies: 500' "$dir/pipe" || return 1
	[ "$(cli --scan --pattern 'pipe:*' | wc -l)" = 500 ] || return 1
	echo 'return {KEYS[1], ARGV[1], redis.call("GET", KEYS[1])}' >"$dir/script.lua"
	[ "$(cli --eval "$dir/script.lua" pipe:7 , b | paste -sd ' ')" = 'pipe:7 b 7' ] || return 1
	cli --bigkeys | grep -q 'Sampled 50[0-9] keys' || return 1
	[ "$(redis-cli -s "$dir/socket" get pipe:499)" = 499 ]
}

# benchmark TESTS REQUESTS OPTION...: each has a rate, and nothing else is said.
benchmark() {
	redis-benchmark -p $port -c 20 -n "$2" --csv "${@:3}" >"$dir/benchmark" 2>&1
	cat "$dir/benchmark"
	[ "$(sed -n 's/^"\([A-Z_0-9]*\).*","[0-9.]*[1-9][0-9.]*",.*/\1/p' "$dir/benchmark" | paste -sd ' ')" = "$1" ] &&
		[ "$(wc -l <"$dir/benchmark")" = $(($(wc -w <<<"$1") + 1)) ]
}

is_the_process() {
	[ "$(cli info server | sed -n 's/\r$//; s/^process_id://p')" = "$pid" ] || return 1
	! in_ring_0 || [ "$(threads_of "$pid")" -ge 4 ]
}

write_config() {
	mkdir -p "$dir/peer" "$dir/new"
	printf '%s\n' '# kept' 'maxclients 2000' "unixsocket $dir/socket" 'unixsocketperm 700' >"$dir/redis.conf"
}

# ends_by SIGNAL STATUS: a signal ends it, within five seconds: a large module is unloaded meanwhile.
ends_by() {
	kill "-$1" "$pid"
	within 5000 gone "$pid" "$2"
}

# shuts_down ARGUMENT STATUS: a client ends it.
shuts_down() {
	cli shutdown "$1"
	within 5000 gone "$pid" 0
}

# crashes HOW STATUS: it ends itself.
crashes() {
	cli debug "$1"
	gone "$pid" "$2"
}

killed_while_writing() {
	local writers status
	rm -f "$dir/writing"
	"$clients" $port write_until_killed &
	writers=$!
	until_true 20000 test -e "$dir/writing"
	sleep 0.5
	kill -KILL "$pid"
	gone "$pid" 137
	status=$?
	wait $writers && cat "$dir/acknowledged" && return $status
}

ktap_print_header
need_server
write_config
check "start" start "$dir/redis.conf" "${usual[@]}"
check "the process is the server" is_the_process
check "redis-cli, by its standard input" interactive
check "redis-cli: pipe, scan, eval, bigkeys, unix socket" command_line
check "redis-benchmark: all of its tests" benchmark "$all" 200
check "redis-benchmark: pipelined" benchmark "$all" 320 -P 16
cases "$protocol" $port bytes_one_by_one any_pieces pipeline quit_and_errors resets many_keys
cases "$clients" $port strings floats geo hyperloglog collections streams pubsub notifications transactions blocking clients \
	tracking access scripts lua_floats deep_stacks endless_script expiry eviction lazy_free configuration information debug \
	large_values many_clients deep_pipeline slow_reader bad_protocol idle_timeout unix_socket
cases "$clients" $port background_save:"$FORKS" append_only_later:"$FORKS" save_points:"$FORKS"
check "SHUTDOWN NOSAVE" shuts_down nosave
check "nothing was saved" test ! -e "$dir/new/dump.rdb"

check "start, with a folder of its own" start "${usual[@]}" --dir "$dir/new"
cases "$clients" $port fill save
check "the file is sound" redis-check-rdb "$dir/new/dump.rdb"
check "kill -9" ends_by KILL 137
check "start again" start "${usual[@]}" --dir "$dir/new"
cases "$clients" $port filled
cli set more 1 >"$test_output"
rm "$dir/new/dump.rdb"
check "SHUTDOWN SAVE" shuts_down save
check "it has saved" redis-check-rdb "$dir/new/dump.rdb"
check "start, to be saved at its end" start "${usual[@]}" --dir "$dir/new" --save '3600 1'
cli set more 2 >"$test_output"
check "SIGTERM" ends_by TERM 0
check "start again" start "${usual[@]}" --dir "$dir/new" --maxclients $REDIS_MAXCLIENTS
check "it had saved" test "$(cli get more)" = 2
cases "$clients" $port too_many_clients
check "SIGINT" ends_by INT 0

aof=("${usual[@]}" --dir "$dir/new" --appendonly yes --appendfsync always --dbfilename none)
check "start, append only" start "${aof[@]}"
cases "$clients" $port fill
check "kill -9 while clients write" killed_while_writing
check "start again" start "${aof[@]}"
cases "$clients" $port nothing_lost background_rewrite:"$FORKS"
check "kill -9 while clients write, again" killed_while_writing
check "the files are sound" redis-check-aof "$dir/new/appendonlydir/appendonly.aof.manifest"
printf '*3\r\n\x243\r\nSET\r\n' >>"$(find "$dir/new" -name '*.incr.aof' | sort -V | tail -n 1)"
check "start again, with a file cut short" start "${aof[@]}"
cases "$clients" $port nothing_lost
check "SIGTERM" ends_by TERM 0
rm -r "$dir/new"/*

check "start, with threads for input and output" start "${usual[@]}" --io-threads 4
cases "$clients" $port many_threads
check "redis-benchmark, with 4 threads on either side" benchmark "SET GET" 800 --threads 4 -c 40 -t set,get
check "SIGTERM" ends_by TERM 0

check "start a peer in user space" start_peer
check "start" start "${usual[@]}"
export REDIS_PEER=$peer_port
cases "$clients" $port replica_full:disk:disabled replica_resumes replica_full:diskless:disabled \
	replica_full:diskless:swapdb failover
check "SIGTERM" ends_by TERM 0
check "start again, as one that never had a replica" start "${usual[@]}"
cases "$clients" $port master_full:"$FORKS" saved_for_replica
stop_peer
cp "$dir/dump.rdb" "$dir/peer/"
check "a peer begins with the file that the server saved" start_peer --replicaof 127.0.0.1 $port
cases "$clients" $port master_partial
stop_peer
check "kill -9 with a replica" ends_by KILL 137

# Its report tests the memory that /proc/self/maps shows, which in ring 0 is that of "ukl run".
check "start" start "${usual[@]}" --crash-memcheck-enabled no
check "abort()" crashes panic 134
if ! in_ring_0; then
	# A page fault in ring 0 is reported in full, so selftests/contain.sh has it.
	check "start" start "${usual[@]}"
	check "SIGSEGV" crashes segfault 139
fi
finish
