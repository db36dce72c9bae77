#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The samples with clients that mean no good (selftests/hostile.c), while others want to be served. Each
# is also let loose on a server of user space, so that what they expect is known to be right.
. "$(dirname "$0")/../lib.sh"

hostile=$build/selftests/hostile
port=7200
ways='reset=100 half=100 stall=50 trickle=20 deaf=6 vanish=400 urgent=10 squeeze=10'
# Connections that come and go; with a thread for each they are slower.
churn=50000
# Little memory for each socket, and for all of them so much less than they want that TCP is under pressure all the
# time. Beyond the third number of tcp_mem it resets connections whose data waits, whoever has them.
limits='tcp_mem=60 120 2000
tcp_rmem=4096 8192 16384
tcp_wmem=4096 8192 16384'
limited='half=40 squeeze=40 reset=50'

# A server that runs has one line in $server: a process, or an application by its name.
start_process() {
	port=$((port + 1))
	"$@" $port &
	server=$!
	until_true 10000 listens
}

start_redis() {
	port=$((port + 1))
	redis-server --port $port --save '' --loglevel warning >/dev/null 2>&1 &
	server=$!
	until_true 10000 listens
}

start_sample() {
	port=$((port + 1))
	load "$1" port=$port "${@:2}" && server=$1 && until_true 10000 listens
}

listens() {
	[ -n "$(ss -Htln "sport = $port")" ]
}

stop() {
	case $server in
	[0-9]*)
		kill "$server"
		wait "$server"
		true
		;;
	*) within $stop_limit rmmod "$server" ;;
	esac
}

open_sockets() {
	case $server in
	[0-9]*) find "/proc/$server/fd" -lname 'socket:*' | wc -l ;;
	*) table apps "$server" sockets ;;
	esac
}

# TCP sockets of the machine that are not closed yet, and those that belong to nobody.
tcp_sockets() {
	awk '/^TCP/ { print $3 + 0, $5 + 0 }' /proc/net/sockstat
	awk '/^TCP6/ { print $3 + 0 }' /proc/net/sockstat6
}

usual() {
	[ "$(open_sockets)" = "$base" ] && [ "$(tcp_sockets)" = "$base_tcp" ]
}

# One kind of clients, after which the server has what it had before them.
clients() {
	local status=0
	"$hostile" "$1" "$kind" 4 $port "$2" || status=1
	until_true 30000 usual || {
		echo "sockets: $(open_sockets) of $base are open; TCP: $(tcp_sockets | xargs), before: ${base_tcp//$'\n'/ }"
		status=1
	}
	return $status
}

clients_noted() {
	local text status
	text=$(clients "$@")
	status=$?
	note "$text"
	[ $status = 0 ] || echo "$text"
	return $status
}

# all NAME KIND CHURN: all of them, on the server that runs.
all() {
	local way
	kind=$2
	base=$(open_sockets)
	base_tcp=$(tcp_sockets)
	for way in $ways churn="$3"; do
		echo "<6>selftests: $1: $way" >/dev/kmsg
		check "$1: ${way%=*}" clients_noted "${way%=*}" "${way#*=}"
	done
	set_limits
	for way in $limited; do
		echo "<6>selftests: $1: $way, with little memory" >/dev/kmsg
		check "$1: ${way%=*}, with little memory" clients_noted "${way%=*}" "${way#*=}"
	done
	reset_limits
	check "$1: ends" stop
}

set_limits() {
	local name
	saved=$(cd /proc/sys/net/ipv4 && head -qn 1 tcp_mem tcp_rmem tcp_wmem)
	while IFS='=' read -r name value; do
		echo "$value" >"/proc/sys/net/ipv4/$name"
	done <<<"$limits"
}

reset_limits() {
	local name
	for name in tcp_mem tcp_rmem tcp_wmem; do
		read -r value
		echo "$value" >"/proc/sys/net/ipv4/$name"
	done <<<"$saved"
}

ktap_print_header
want ukl
check "start a server of user space" start_process "$hostile" serve 6
all "user space" echo $((churn / 50))
check "start redis-server" start_redis
all "redis-server" resp $((churn / 50))
for mode in blocking=2 readiness=24 inplace=24; do
	check "start echo, ${mode%=*}" start_sample echo mode="${mode%=*}"
	all "echo, ${mode%=*}" echo $((churn * ${mode#*=} / 50))
done
check "start kv" start_sample kv
all "kv" resp $((churn * 2 / 50))
finish
