#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The part of demo.sh that runs in the virtual machine, with ukl.ko loaded.
set -eu -o pipefail
ring0=6379 redis=6380
rounds=2 # of every measurement
[ "${ICOUNT:-0}" = 0 ] || rounds=1
step='start'
trap 'echo "demo: failed: $step" >&2' ERR

begin() {
	step=$*
	echo "demo: $*"
}

# ask EXPECTED ARGUMENT...: a line of the conversation with the server in ring 0, whose answer must match a pattern.
ask() {
	local expected=$1 answer
	shift
	answer=$(redis-cli -p $ring0 "$@" 2>&1)
	printf '  127.0.0.1:%s> %s\n' $ring0 "$*"
	sed 's/\r$//; s/^/  /' <<<"$answer"
	# shellcheck disable=SC2053
	if [[ $answer != $expected ]]; then
		step="the answer to $* should have been $expected"
		return 1
	fi
}

# wait_for PORT: until a server answers.
wait_for() {
	for _ in {1..100}; do
		[ "$(redis-cli -p "$1" ping 2>&1)" != PONG ] || return 0
		sleep 0.1
	done
	return 1
}

# benchmark PORT PIPELINE REQUESTS TESTS: lines "test,requests per second".
benchmark() {
	redis-benchmark -p "$1" -P "$2" -n "$3" -t "$4" -c 50 --csv |
		sed -n 's/^"\([A-Z_]*\)","\([0-9.]*\)".*/\1,\2/p'
}

begin "kernel $(uname -r), processors: $(nproc); can it run ukl?"
ukl check | sed 's/^/  /'

begin "starting Redis, in ring 0, as a process: ukl run build/modules/redis.ko -- --port $ring0 --save ''"
ukl run /ukl/build/modules/redis.ko -- --port $ring0 --save '' --dir /tmp >/tmp/ring0.log &
process=$!
wait_for $ring0
step="the process is the application"
echo "  its module asks for $(modinfo -F ukl /ukl/build/modules/redis.ko)"
ps -o pid,comm,args -p $process | sed "s|^|  |"
[ "$(cat /proc/$process/comm)" = redis ]
step="its descriptors are the process's"
ss -Hltnp "sport = :$ring0" | grep -q "pid=$process"

begin "a conversation with it, by Debian's redis-cli"
ask OK SET greeting "hello from ring 0"
ask "hello from ring 0" GET greeting
ask 3 RPUSH list one two three
ask "*two*" LRANGE list 0 -1
ask 2.5 EVAL "return tostring(5 / 2)" 0
ask 0 PUBLISH channel "is anybody there"
ask "ERR*" BGSAVE
echo "  (BGSAVE wants fork(), which ring 0 does not have; SAVE and the append-only file work)"

begin "starting Debian's $(redis-server --version | sed 's/ sha.*//') in user space on port $redis"
redis-server --port $redis --save '' --appendonly no --daemonize yes --dir /tmp --logfile /tmp/redis.log >/tmp/redis.out
wait_for $redis

results=/tmp/results
: >$results
for pipeline in 1 16; do
	step="redis-benchmark with pipeline $pipeline"
	rate=$(benchmark $redis $pipeline $((1000 * pipeline)) get | sed 's/GET,//; s/\..*//')
	# So many that each takes a second, and more where the machine is slow. Counted instructions need no more.
	requests=$((2000 * pipeline))
	[ $rounds = 1 ] || [ "$rate" -lt $requests ] || requests=$rate
	for ((round = 1; round <= rounds; round++)); do
		# Neither is always the first.
		servers="user:$redis ring0:$ring0"
		((round % 2)) || servers="ring0:$ring0 user:$redis"
		for server in $servers; do
			begin "redis-benchmark, 50 clients, pipeline $pipeline, $requests requests each, round $round of $rounds: ${server%:*}"
			benchmark "${server#*:}" $pipeline "$requests" ping,set,get,incr |
				sed "s/^/$pipeline,${server%:*},/" >>$results
		done
	done
done

if [ $rounds = 1 ]; then
	begin "requests per billion instructions, of the client and the server"
else
	begin "requests per second, the mean of $rounds rounds"
fi
echo
awk -F , -v rounds=$rounds '
	{ key = $1 "," $3; if (!(key in seen)) { seen[key] = ++n; keys[n] = key }
	  sum[key, $2] += $4; count[key, $2]++ }
	END {
		printf "  %-12s %8s %14s %10s %8s\n", "command", "pipeline", "user space", "ring 0", "ratio"
		for (i = 1; i <= n; i++) {
			split(keys[i], part, ",")
			name = part[2]; sub("_MBULK", "", name); sub("PING_INLINE", "PING inline", name)
			if (count[keys[i], "user"] != rounds || count[keys[i], "ring0"] != rounds) exit 1
			a = sum[keys[i], "user"] / rounds; b = sum[keys[i], "ring0"] / rounds
			printf "  %-12s %8d %14.0f %10.0f %8.2f\n", name, part[1], a, b, b / a
		}
		exit n != 10
	}' $results
echo
if [ $rounds = 1 ]; then
	echo "  The same instructions every time, but instructions only: what a real system call costs beyond them is left out."
else
	echo "  redis-benchmark and the server shared the machine's processors ($(nproc)), under QEMU. Emulation is slow and"
	echo "  noisy: lines move by tens of percent."
fi
echo

begin "what it does, while three clients ask it: ukl ps, ukl top"
redis-benchmark -p $ring0 -c 3 -n 100000000 -t get -q >/dev/null 2>&1 &
client=$!
sleep 1
echo "  ukl ps"
ukl ps | sed 's/^/  /'
echo "  ukl top"
# Of two looks the last: the first has the rates of a whole life.
ukl top -b -d 1 -n 2 | tac | sed '/^ukl:/q' | tac | sed 's/^/  /' | tee /tmp/ukl.out
grep -q redis /tmp/ukl.out

begin "ending it, with the clients still connected: kill $process"
start=$(date +%s%N)
kill $process
status=0
wait $process || status=$?
took=$((($(date +%s%N) - start) / 1000000))
echo "  Redis has handled the signal and ended with status $status after $took ms, and what ukl run had loaded is unloaded"
kill $client 2>/dev/null || true
redis-cli -p $redis shutdown nosave
step="it should end within 5 seconds, with status 0"
[ $took -le 5000 ] && [ "$status" = 0 ]
step="rmmod ukl"
rmmod ukl
step="no module is left"
[ ! -e /sys/module/redis ] && [ ! -e /sys/module/ukl_linux ] && [ ! -e /sys/module/ukl ]
