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

ktap_print_header
want ukl
check "start redis-server" start_redis
check "load kv" load kv port=7052 threads=3 maxmemory=20000000
both bytes_one_by_one any_pieces pipeline large_values nobody_reads quit_and_errors resets many_at_once \
	many_keys idle_clients
redis-cli -p 7051 shutdown nosave
check "kv: half close" "$client" 7052 half_close
check "kv: reads no further" "$client" 7052 back_pressure
check "kv: a FLUSHALL behind another" "$client" 7052 flushed_twice
check "kv: nothing is left of them" "$client" 7052 nothing_left
check "kv: memory limit" "$client" 7052 memory_limit
check "kv: too many clients" "$client" 7052 too_many
check "kv: nothing is left of those" "$client" 7052 nothing_left
finish
