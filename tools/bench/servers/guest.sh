#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh PROGRAM: the part of tools/bench/redis.sh and memcached.sh that runs in the virtual machine, with ukl.ko
# loaded. Prints what it measured in lines whose first word says for what, as around.c has them.
# Environment: SERVERS, of those that tools/servers.sh has; TESTS, of get, set, get_1k, set_1k or mix; QUICK=1: fewer
# windows; PROFILE=1: stacks of the servers, sampled, too.
set -eu -o pipefail
program=$1
clone=$PWD
. tools/servers.sh
built=build/bench/$program
bench=/tmp/bench
port=5000
# Requests in runs of the client. report.py subtracts what few take from what many take, and with it connecting.
few='500 500 500 500 500 500 500'
many=${few//500/8500}
# memcaslap spends its time on what it prepares.
[ "$program" != memcached ] || many=${few//500/10500}
[ "${QUICK:-0}" = 0 ] || few='500 500 500' many=$(cut -d ' ' -f -3 <<<"$many")
# Seconds of this machine that are sampled, each of 20,000 samples; what a request takes is then known well enough by less.
sampled=1
[ "${QUICK:-0}" = 0 ] || sampled=0.6
[ "${PROFILE:-0}" = 0 ] || few='500 500' many="${many%% *} ${many%% *}"
# Seconds until the client asks; memcaslap prepares its keys first.
prepares=0.1
[ "$program" != memcached ] || prepares=1

# start WHERE: starts the server; $server is then its process.
start() {
	server_command "$program" "$1"
	case $program in
	redis) "${server_command[@]}" --port $port --save '' --appendonly no --dir /tmp >/tmp/server.out 2>&1 & ;;
	memcached) "${server_command[@]}" -p $port -t 4 >/tmp/server.out 2>&1 & ;;
	esac
	server=$!
	server_answers $server /tmp/server.out answers || {
		echo "bench-$program: $1" >&2
		return 1
	}
}

answers() {
	case $program in
	redis) [ "$(redis-cli -p $port ping 2>&1)" = PONG ] ;;
	memcached) memcping --servers=127.0.0.1:$port >/dev/null 2>&1 ;;
	esac
}

stop() {
	kill "$server"
	wait "$server" || true
}

# prepare TEST: the keys that are asked for; and the command of the client in $client, to which the number of requests
# is added.
prepare() {
	local size=3 value
	case $1 in
	get* | set*)
		[[ $1 != *_1k ]] || size=1024
		$bench/redis-benchmark -p $port -t set -d $size -n 100 -q >/dev/null 2>&1
		value=$(redis-cli -p $port get key:__rand_int__)
		if [ ${#value} != $size ]; then
			echo "bench-redis: the server does not answer with the $size bytes that were set: $value" >&2
			return 1
		fi
		client=("$bench/redis-benchmark" -p "$port" -t "${1%_1k}" -d "$size" -c 50 -P 1 -q -n)
		;;
	mix)
		printf '%s\n' key '32 32 1' value '128 128 1' cmd '0 0.1' '1 0.9' >/tmp/mix
		client=("$bench/memcaslap" -s "127.0.0.1:$port" -T 1 -c 50 -w 1k -F /tmp/mix -x)
		;;
	esac
}

# asked TEST COUNT: whether the client's output in /tmp/run says that it went well.
asked() {
	case $1 in
	get* | set*) grep -aq "requests per second" /tmp/run && ! grep -aqi error /tmp/run ;;
	mix) grep -q '^get_misses: 0$' /tmp/run && grep -q "^cmd_set: $(($2 / 10))\$" /tmp/run ;;
	esac
}

# The first run warms up.
measure() {
	local count first=1
	prepare "$2"
	# shellcheck disable=SC2086
	for count in 500 $few $many; do
		if ! LD_LIBRARY_PATH=$bench $bench/around "$server" "${client[@]}" "$count" >/tmp/run 2>&1 || ! asked "$2" "$count"; then
			echo "bench-$program: the client failed: $2, $1" >&2
			tail -n 20 /tmp/run >&2
			return 1
		fi
		[ $first = 1 ] || sed -n "s/^around /$2.$1 run $count /p" /tmp/run
		first=0
	done
}

# Samples what the server does while the client is connected. perf samples the whole machine, since for a task of its own it
# would start its timer again with each switch to it. All requests are alike in this machine, so that one period would meet
# the same few points of each: there are eight at once, which sample every 50,000 instructions together. That has to be well
# above what taking a sample costs. The client works only meanwhile, for perf takes longer to begin than it samples. What
# the addresses are called is looked up outside, which takes no emulation.
profile() {
	local period events=() asks to=$built/perf.$2.$1
	prepare "$2"
	for period in 328051 344053 376057 400067 424069 440071 472103 488117; do
		events+=(-e "cpu-clock/period=$period/")
	done
	LD_LIBRARY_PATH=$bench "${client[@]}" 10000000 >/tmp/run 2>&1 &
	asks=$!
	sleep $prepares
	kill -STOP $asks
	# shellcheck disable=SC2016
	perf record -q -a -B -N "${events[@]}" -g -o /tmp/perf.data -- \
		sh -c 'kill -CONT "$1"; sleep "$2"; kill -STOP "$1"' sh $asks $sampled >/tmp/perf.out 2>&1 || {
		cat /tmp/perf.out >&2
		return 1
	}
	kill -KILL $asks
	wait $asks 2>/dev/null || true
	mkdir "$to"
	cp /tmp/perf.data /proc/kallsyms "$to"
	echo "$server" >"$to/pid"
}

# All that is run again and again is in memory: while the host opens a file, this machine's time flies and timers run.
mkdir $bench
cp "$built/around" /usr/bin/redis-benchmark /usr/bin/memcaslap $bench
ldd $bench/* | awk '$2 == "=>" { print $3 }' | sort -u | xargs cp -t $bench
[ ! -e build/modules/ukl_linux.ko ] || insmod build/modules/ukl_linux.ko
# Takes no time in this machine, and lets the kernel's own work after booting end.
sleep 10
sysctl -qw kernel.perf_event_max_sample_rate=100000 net.core.somaxconn=65535 \
	net.ipv4.ip_local_port_range='10001 65000'
echo "kernel_release $(uname -r)"
case $program in
redis) echo "version $(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')" ;;
memcached) echo "version $(memcached --version | cut -d ' ' -f 2)" ;;
esac
for where in $SERVERS; do
	start "$where"
	echo "command.$where ${server_command[*]}"
	for test in $TESTS; do
		measure "$where" "$test"
		[ "${PROFILE:-0}" = 0 ] || profile "$where" "$test"
	done
	stop
done
