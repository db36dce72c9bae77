#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# samples/kv against clients of all sorts. They are first run against Redis, so that they are known to be right.
. "$(dirname "$0")/../lib.sh"

client=$(dirname "$0")/../redis.py
ulimit -n 30000

start_redis() {
	redis-server --port 7051 --save '' --daemonize yes --loglevel warning --dir /tmp --logfile /tmp/redis.log
	until_true 10000 redis-cli -p 7051 ping
}

both() {
	local case
	for case; do
		check "redis-server: ${case//_/ }" "$client" 7051 "$case"
		check "kv: ${case//_/ }" "$client" 7052 "$case"
	done
}

run_kv() {
	start_process "$build/bin/ukl" run kv -- port=7053 threads=1
	until_true 20000 redis-cli -p 7053 ping
}

is_stopped() {
	grep -q ') T ' "/proc/$pid/stat" && [ "$(threads_of "$pid" none)" = 1 ]
}

# What a process has that is killed in the middle is never given back. It counts for no other.
starts_empty() {
	local status=0
	run_kv && "$client" 7053 fill && kill -STOP "$pid" && until_true 20000 is_stopped || return 1
	kill -KILL "$pid"
	wait "$pid"
	run_kv && "$client" 7053 empty || status=1
	kill -TERM "$pid"
	until_true 20000 is_dead "$pid" && return $status
}

# Room for that many is more than kmalloc() has, which complains.
too_many_threads() {
	local threads
	for threads in 1025 2147483648; do
		insmod "$modules/kv.ko" port=7052 "threads=$threads" 2>&1 | grep -qE ': Invalid (parameters|argument)$' || return 1
	done
}

# What a client asks for has to be more than the server's socket takes by itself, which grows where there is time.
reads_no_further() {
	local sizes=/proc/sys/net/ipv4/tcp_rmem saved status=0
	saved=$(cat $sizes)
	echo "4096 131072 262144" >$sizes
	"$client" 7052 back_pressure || status=1
	echo "$saved" >$sizes
	return $status
}

ktap_print_header
want ukl
expect_in_log '^<3>\[[^]]*\] kv: .threads=[0-9]+. is too many: there may be 1024$'
check "kv: too many threads" too_many_threads
check "start redis-server" start_redis
check "load kv" load kv port=7052 threads=3 maxmemory=20000000
both bytes_one_by_one any_pieces pipeline large_values nobody_reads quit_and_errors resets many_at_once \
	many_keys idle_clients
redis-cli -p 7051 shutdown nosave
check "kv: half close" "$client" 7052 half_close
check "kv: reads no further" reads_no_further
check "kv: a FLUSHALL behind another" "$client" 7052 flushed_twice
check "kv: nothing is left of them" "$client" 7052 nothing_left
check "kv: memory limit" "$client" 7052 memory_limit
check "kv: too many clients" "$client" 7052 too_many
check "kv: nothing is left of those" "$client" 7052 nothing_left
check "kv: what a killed process had counts for no other" starts_empty
finish
