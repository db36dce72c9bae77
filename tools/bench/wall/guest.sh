#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh PART: the part of tools/bench/wall.sh that runs in the virtual machine, with ukl.ko loaded. Prints a line for
# each sample: WORKLOAD SYSTEM and a JSON object, that of ukl-load, or {"rate": …} of another client.
# Environment: QUICK=1: less of it. OUTSIDE=1: the clients are outside.
set -eu -o pipefail
part=$1
clone=$PWD
. tools/servers.sh
built=build/bench/echo
: "${QUICK:=0}" "${OUTSIDE:=0}"
rounds=7
# The servers have a CPU, and the clients.
servers_cpu=0 clients_cpu=1
address=127.0.0.1
servers=()

# start NAME PORT COMMAND...: starts a server; $pid is then its process.
start() {
	local name=$1 port=$2
	shift 2
	taskset -c $servers_cpu "$@" >"/tmp/$name.out" 2>&1 &
	pid=$!
	servers+=("$pid")
	server_answers $pid "/tmp/$name.out" listens "$port" || {
		echo "bench-$part: $name" >&2
		return 1
	}
}

listens() (: <>/dev/tcp/127.0.0.1/"$1")

# start_server PROGRAM WHERE PORT [ARGUMENT...]
start_server() {
	server_command "$1" "$2"
	case $1 in
	redis)
		start "$1.$2" "$3" "${server_command[@]}" --port "$3" --save '' --appendonly no --dir /tmp --protected-mode no "${@:4}"
		;;
	memcached) start "$1.$2" "$3" "${server_command[@]}" -p "$3" "${@:4}" ;;
	esac
}

# start_echo COMMAND...: an echo server, which says what its process is as soon as it listens.
start_echo() {
	pid=$(taskset -c $servers_cpu "$@")
	servers+=("$pid")
}

stop_servers() {
	local pid
	for pid in "${servers[@]}"; do
		kill "$pid"
		wait "$pid" 2>/dev/null || true
		while [ -e "/proc/$pid" ]; do sleep 0.02; done
	done
	servers=()
}

# client COMMAND: runs it where clients are; $address there is the server's.
client() {
	if [ "$OUTSIDE" = 1 ]; then
		tools/vm/outside "address=\$OUTSIDE; $1"
	else
		address=$address taskset -c $clients_cpu bash -c "$1"
	fi
}

# sample WORKLOAD SYSTEM COMMAND...: asks, by what client() runs, and prints.
sample() {
	local workload=$1 system=$2 output status=0
	shift 2
	output=$(client "$*") || status=$?
	if [ $status != 0 ]; then
		echo "bench-$part: the client failed: $workload, $system: $*" >&2
		printf '%s\n' "$output" | tail -n 20 >&2
		return 1
	fi
	# What redis-benchmark has to say is in CSV.
	printf '%s\n' "$output" | awk -v what="$workload $system" '
		/^{/ { print what, $0; n++ }
		/^"[A-Z]+","[0-9.]+"/ { split($0, field, "\""); printf "%s {\"rate\": %s}\n", what, field[4]; n++ }
		END { exit n == 0 }'
}

load() {
	# shellcheck disable=SC2016
	sample "$1" "$2" build/bin/ukl-load "$3" '$address':"$4" --json "${@:5}"
}

# redis_benchmark WORKLOAD SYSTEM PORT TEST CLIENTS PIPELINE SIZE REQUESTS
redis_benchmark() {
	# shellcheck disable=SC2016
	sample "$1" "$2" redis-benchmark -h '$address' -p "$3" -t "$4" -c "$5" -P "$6" -d "$7" -n "$8" --csv
}

# The harness itself: a server beside the same once more, which of them is asked first in turn; and two that spin before
# they answer, one for a millisecond longer. These are asked by more than one client, so that they are always busy: what
# a client takes to fall asleep is not the server's. Servers are started for each round: where their memory lies makes a
# server under emulation faster or slower for as long as it runs.
part_control() {
	local round count=$((6 * rounds))
	[ "$QUICK" = 0 ] || count=$((2 * rounds))
	for ((round = 0; round < count; round++)); do
		start_echo $built/epoll_server 5000
		start_echo $built/epoll_server 5001
		if [ $((round % 2)) = 0 ]; then
			load echo user_epoll echo 5000 -c 1 -d 0.25 -w 0.02
			load echo again echo 5001 -c 1 -d 0.25 -w 0.02
		else
			load echo again echo 5001 -c 1 -d 0.25 -w 0.02
			load echo user_epoll echo 5000 -c 1 -d 0.25 -w 0.02
		fi
		if [ $((round % 3)) = 0 ]; then
			start_echo $built/epoll_server -s 1000 5002
			start_echo $built/epoll_server -s 2000 5003
			load busy slowed_1ms echo 5002 -c 10 -d 0.25 -w 0.02
			load busy slowed_2ms echo 5003 -c 10 -d 0.25 -w 0.02
		fi
		stop_servers
	done
}

# The same by the other clock: in the deterministic machine an instruction takes a nanosecond.
part_counted() {
	local system slower
	sleep 10
	for system in user_epoll again slowed_1ms; do
		slower=0
		[ $system != slowed_1ms ] || slower=1000
		start_echo $built/epoll_server -s $slower 5000
		$built/load -w 5 -n 1000 "$pid" 5000 |
			awk -v what="counted $system" '$1 == "window" { printf "%s {\"instructions\": %.1f}\n", what, $3 / $2 }'
		stop_servers
	done
}

# Each of a program's servers in turn, round by round: only one process can run a module.
part_wall() {
	local round system systems='debian same_objects ukl ukl_bypass' threads='1 4'
	[ "$QUICK" = 0 ] || systems='debian ukl_bypass' threads=4
	for ((round = 0; round < rounds; round++)); do
		for system in $systems; do
			start_server redis "$system" 5000
			redis_benchmark warm "$system" 5000 get 50 1 3 1000 >/dev/null
			redis_benchmark get "$system" 5000 get 50 1 3 2500
			redis_benchmark set "$system" 5000 set 50 1 3 2500
			# What calls with their transition cost is in two workloads.
			if [ "$system" = ukl ]; then
				stop_servers
				continue
			fi
			redis_benchmark get_pipeline_16 "$system" 5000 get 50 16 3 25000
			load mixed "$system" redis 5000 --sets 1/11 -c 50 -d 0.5 -w 0.1 --keys 100
			if [ "$QUICK" = 0 ]; then
				redis_benchmark get_1k "$system" 5000 get 50 1 1024 2500
				redis_benchmark set_1k "$system" 5000 set 50 1 1024 2500
				redis_benchmark get_1_client "$system" 5000 get 1 1 3 1000
				redis_benchmark get_10_clients "$system" 5000 get 10 1 3 2500
				redis_benchmark get_200_clients "$system" 5000 get 200 1 3 2500
			fi
			stop_servers
			for count in $threads; do
				start_server memcached "$system" 5000 -t "$count"
				load "memcached_${count}_threads" "$system" memcached 5000 --etc --keys 500 -c 50 -d 0.6 -w 0.1
				stop_servers
			done
		done
	done
	part_wall_echo
}

# The echo servers, of which those in ring 0 are one module.
part_wall_echo() {
	local round tasks
	start_echo $built/epoll_server 5000
	start_echo $built/uring_server 5001
	for ((round = 0; round < rounds; round++)); do
		insmod build/modules/echo.ko port=5002 mode=inplace
		tasks=$(awk '$1 == "echo" { print $3 }' /sys/kernel/debug/ukl/threads)
		for task in $tasks; do taskset -cp $servers_cpu "$task" >/dev/null; done
		for clients in 1 50; do
			load echo_$clients user_epoll echo 5000 -c $clients -d 0.4 -w 0.1
			load echo_$clients user_uring echo 5001 -c $clients -d 0.4 -w 0.1
			load echo_$clients inplace echo 5002 -c $clients -d 0.4 -w 0.1
		done
		rmmod echo
	done
	stop_servers
}

# How long an answer takes at a rate: the servers side by side, at shares of what Debian's can do.
part_latency() {
	local rates most round shares='0.2 0.4 0.6 0.7 0.8 0.9 1.0 1.1 1.2' passes=3 seconds=1.5 limit=30000
	[ "$QUICK" = 0 ] || shares='0.3 0.6 0.9 1.1' passes=1
	start_server redis debian 5000
	start_server redis same_objects 5001
	start_server redis ukl_bypass 5002
	most=$(load most debian redis 5000 -c 50 -d 2 -w 0.5 | grep -o '"rate": *[0-9]*' | head -n 1 | grep -o '[0-9]*')
	rates=$(for share in $shares; do echo "$most $share" | awk '{ print int($1 * $2 / 50) * 50 }'; done)
	for ((round = 0; round < passes; round++)); do
		for rate in $rates; do
			load "redis_$rate" debian redis 5000 -c 50 -d $seconds -w 0.2 --rate "$rate" --keys 100
			[ "$QUICK" = 1 ] || load "redis_$rate" same_objects redis 5001 -c 50 -d $seconds -w 0.2 --rate "$rate" --keys 100
			load "redis_$rate" ukl_bypass redis 5002 -c 50 -d $seconds -w 0.2 --rate "$rate" --keys 100
		done
	done
	stop_servers
	start_server memcached debian 5000 -t 4
	start_server memcached ukl_bypass 5001 -t 4
	for ((round = 0; round < passes; round++)); do
		load memcached_p99 debian memcached 5000 --etc --keys 500 -c 50 -d 0.8 -w 0.2 --p99-limit $limit --steps 6
		load memcached_p99 ukl_bypass memcached 5001 --etc --keys 500 -c 50 -d 0.8 -w 0.2 --p99-limit $limit --steps 6
	done
	stop_servers
}

# The servers that part_network and part_network_counted ask.
network_servers() {
	start_server redis debian 5000
	start_server redis same_objects 5001
	start_server redis ukl_bypass 5002
}

# With clients outside, a network card and no loopback: the server pays only for its side.
part_network() {
	local round system port
	network_servers
	for ((round = 0; round < rounds; round++)); do
		port=5000
		for system in debian same_objects ukl_bypass; do
			redis_benchmark get "$system" $port get 50 1 3 2500
			redis_benchmark set "$system" $port set 50 1 3 2500
			redis_benchmark get_1k "$system" $port get 50 1 1024 2500
			port=$((port + 1))
		done
	done
	stop_servers
}

# Counts what the whole machine does, as nobody in it asks, in runs with few requests and with many.
part_network_counted() {
	local round system port count before
	network_servers
	$built/spare /tmp/spare &
	servers+=($!)
	for ((round = 0; round < rounds; round++)); do
		port=5000
		for system in debian same_objects ukl_bypass; do
			for count in 500 4500; do
				before=$($built/spare -r /tmp/spare)
				redis_benchmark get "$system" $port get 50 1 3 $count >/dev/null
				echo "counted $system {\"requests\": $count, \"machine\": $(($($built/spare -r /tmp/spare) - before))}"
			done
			port=$((port + 1))
		done
	done
	stop_servers
}

[ ! -e build/modules/ukl_linux.ko ] || insmod build/modules/ukl_linux.ko
sysctl -qw net.core.somaxconn=65535 net.ipv4.ip_local_port_range='10001 65000' net.ipv4.tcp_tw_reuse=1
echo "kernel_release $(uname -r)"
"part_$part"
