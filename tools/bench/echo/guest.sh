#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh: the part of tools/bench/echo.sh that runs in the virtual machine, with ukl.ko loaded. Prints what it
# measured in lines whose first word says for what, as load.c and around.c have them.
# Environment, for work on it: WHAT, the servers to measure, of echo.*, get.*, idle.*, profile.*; ECHO_KO,
# another echo.ko. QUICK=1: fewer windows.
set -eu -o pipefail
built=build/bench/echo modules=build/modules
bench=/tmp/bench
spin_us=50
windows=9 requests=1000         # of echo; a window is 30 million instructions, so a timer tick more or less is nothing
few='500 500 500 500 500 500 500 500 500'       # of get: requests in runs of redis-benchmark
many='8500 8500 8500 8500 8500 8500 8500'
busy=100 idle=10000             # connections
idle_windows=5 idle_requests=2000
if [ "${QUICK:-0}" = 1 ]; then
	windows=5 many='5500 5500 5500 5500 5500' idle_windows=3
fi
: "${WHAT:=echo.user_epoll echo.user_uring echo.blocking echo.readiness echo.inplace echo.spin get.redis_server get.kv
	floor.user_epoll floor.user_uring floor.inplace idle.baseline idle.readiness idle.inplace idle.user_epoll}"
[ "${QUICK:-0}" = 0 ] || WHAT=$(xargs -n 1 <<<"$WHAT" | grep -v -e '^floor' -e 'echo.spin' -e 'idle.user_epoll' | xargs)

# listens: waits until port 5000 is listened on, in the notation of the kernel's tables.
listens() {
	until grep -qE ':1388 0+:0000 0A ' /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done
}

# start SERVER: starts it on port 5000; $server is then its process or the application's name.
start() {
	local settings
	case $1 in
	user_epoll) server=$($bench/epoll_server 5000) ;;
	user_uring) server=$($bench/uring_server 5000) ;;
	redis_server)
		redis-server --port 5000 --save '' --appendonly no --daemonize yes --dir /tmp --pidfile /tmp/redis.pid \
			--logfile /tmp/redis.log >/tmp/redis.out
		until [ "$(redis-cli -p 5000 ping 2>&1)" = PONG ]; do sleep 0.1; done
		server=$(cat /tmp/redis.pid)
		;;
	kv)
		insmod $modules/kv.ko port=5000
		server=kv
		listens
		;;
	*)
		settings="mode=$1"
		[ "$1" != spin ] || settings="mode=inplace spin_us=$spin_us"
		# shellcheck disable=SC2086
		insmod "${ECHO_KO:-$modules/echo.ko}" port=5000 $settings
		server='echo'
		listens
		;;
	esac
}

# Its connections are closed by then, so that the next one can have the port.
stop() {
	case $server in
	echo | kv) rmmod "$server" ;;
	*)
		kill "$server"
		while [ -e "/proc/$server" ]; do sleep 0.1; done
		;;
	esac
}

# tag WORD: puts it in front of every line.
tag() {
	sed "s/^/$1 /"
}

measure_echo() {
	start "$1"
	$bench/load -w $windows -n $requests "$server" 5000 | tag "echo.$1"
	stop
}

# whole APP: fails if threads that are gone worked for the application, for nobody counted what they did.
whole() {
	awk -v app="$1" '
		FNR == 1 { table++; for (i = 1; i <= NF; i++) if ($i == "calls") column = i }
		$1 == app { calls[table] += $column }
		END { exit calls[1] != calls[2] }' /sys/kernel/debug/ukl/apps /sys/kernel/debug/ukl/threads && return
	echo "bench-echo: $1 has ended threads that worked" >&2
	return 1
}

# report.py subtracts what few requests take from what many take, and with it connecting. The first run warms up.
measure_get() {
	local value count
	start "$1"
	$bench/redis-benchmark -p 5000 -t set -d 3 -n 100 -q >/dev/null 2>&1
	value=$(redis-cli -p 5000 get key:__rand_int__)
	if [ ${#value} != 3 ]; then
		echo "bench-echo: $1 does not answer with the 3 bytes that were set: $value" >&2
		return 1
	fi
	for count in 500 $few $many; do
		LD_LIBRARY_PATH=$bench $bench/around "$server" $bench/redis-benchmark -p 5000 -t get -d 3 -c 50 -P 1 \
			-n "$count" -q >/tmp/run 2>&1
		sed -n "s/^around /get.$1 run $count /p" /tmp/run
	done | tail -n +2
	[ "$server" != kv ] || whole kv
	stop
}

# As many connections as measure_get has, answered without looking at what they ask.
measure_floor() {
	start "$1"
	$bench/load -c 50 -w $windows -n $((2 * requests)) "$server" 5000 | tag "floor.$1"
	stop
}

measure_idle() {
	# Until what the one before left is gone, TIME_WAIT included.
	sleep 70
	if [ "$1" = baseline ]; then
		$bench/load -i $idle -b | tag idle.baseline
	else
		start "$1"
		$bench/load -c $busy -w $idle_windows -n $idle_requests "$server" 5000 | tag "idle.$1.without"
		$bench/load -c $busy -w $idle_windows -n $idle_requests -i $idle -m "$server" 5000 | tag "idle.$1.with"
		stop
	fi
}

# sample SERVER PERIOD COMMAND...: samples by instructions, of the server while the command asks it. perf samples the
# whole machine, since for a task of its own it would start its timer again with each switch to it. The period has to be
# well above what taking a sample costs, or samples would be taken where the one before ends.
sample() {
	local name=$1 period=$2 tasks=$server
	shift 2
	[ -e "/proc/$server" ] || tasks=$(awk -v app="$server" '$1 == app { print $3 }' /sys/kernel/debug/ukl/threads)
	perf record -q -a -e cpu-clock -c "$period" -g -o /tmp/perf.data -- "$@" >/tmp/run 2>&1
	perf script -i /tmp/perf.data --tid "$tasks" -F ip,sym >>"$built/stacks.$name"
}

# All requests are alike in this machine, so that one period would meet the same few points of each: load waits a random
# time before each, longer than the period (-j); redis-benchmark cannot, so there are several periods.
measure_profile() {
	local period
	: >"$built/stacks.$1"
	case $1 in
	redis_server | kv)
		measure_get "$1"
		start "$1"
		for period in 47017 50021 53003 59009; do
			sample "$1" $period $bench/redis-benchmark -p 5000 -t get -d 3 -c 50 -P 1 -n 2500 -q
		done
		;;
	*)
		measure_echo "$1"
		start "$1"
		sample "$1" 50000 $bench/load -w 1 -n 5000 -j 100000 "$server" 5000
		;;
	esac
	stop
}

# All that is run again and again is in memory: while the host opens a file, this machine's time flies and timers run.
mkdir $bench
cp $built/epoll_server $built/uring_server $built/load $built/around /usr/bin/redis-benchmark $bench
ldd $bench/* | awk '$2 == "=>" { print $3 }' | sort -u | xargs cp -t $bench
# Takes no time in this machine, and lets the kernel's own work after booting end.
sleep 10
sysctl -qw kernel.perf_event_max_sample_rate=100000 net.core.somaxconn=65535 \
	net.ipv4.ip_local_port_range='10001 65000'
echo "kernel_release $(uname -r)"
echo "redis_version $(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')"
echo "spin_us $spin_us"
echo "idle_connections $idle"
echo "busy_connections $busy"
for what in $WHAT; do
	"measure_${what%%.*}" "${what#*.}"
done
