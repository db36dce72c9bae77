#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh: the part of tools/bench/cost.sh that runs in the virtual machine, with ukl.ko loaded. Prints what it measured in
# lines whose first word says for what, as load.c, grow.c and first.c have them.
# Environment, for work on it: WHAT, of threads.*, idle.*, start.*, get.*, echo.*. QUICK=1: less of it.
set -eu -o pipefail
built=build/bench/cost modules=build/modules
bench=/tmp/bench
# Where tools/servers.sh looks: a copy of what is started again and again.
clone=$bench
. tools/servers.sh
port=5000
more=256 starts=5 idle=5000 connections='1 10 100 1000 10000' windows=5
what='threads.user threads.same_objects threads.ukl_pthread threads.ukl_pthread_64k threads.ukl_thread
	idle.baseline idle.redis.debian idle.redis.ukl_bypass idle.memcached.debian idle.memcached.ukl_bypass
	start.redis.debian start.redis.same_objects start.redis.ukl_loaded start.redis.ukl_bypass
	start.memcached.debian start.memcached.same_objects start.memcached.ukl_loaded start.memcached.ukl_bypass
	start.hello.same_objects start.hello.ukl_loaded start.hello.ukl_bypass
	get.debian get.ukl_bypass echo.user_epoll echo.inplace'
if [ "${QUICK:-0}" = 1 ]; then
	more=128 starts=2 idle=1000 connections='1 100 1000' windows=2
	what='threads.user threads.ukl_pthread threads.ukl_thread idle.baseline idle.redis.debian idle.redis.ukl_bypass
		start.redis.debian start.redis.ukl_bypass get.debian get.ukl_bypass'
fi
: "${WHAT:=$what}"

# tag WORD: puts it in front of every line.
tag() {
	sed "s/^/$1 /"
}

# arguments PROGRAM: those of a server, in the array $arguments; how it is asked, in $request and $answer.
arguments() {
	case $1 in
	redis)
		arguments=(--port "$port" --save '' --appendonly no --dir /tmp --maxclients 20000)
		request=$'PING\r\n' answer=$'+PONG\r\n'
		;;
	memcached)
		arguments=(-p "$port" -t 4 -c 20000)
		request=$'mn\r\n' answer=$'MN\r\n'
		;;
	esac
}

# start PROGRAM WHERE: starts the server; $server is then its process.
start() {
	server_command "$1" "$2"
	arguments "$1"
	"${server_command[@]}" "${arguments[@]}" >/tmp/server.out 2>&1 &
	server=$!
	server_answers $server /tmp/server.out answers || {
		echo "bench-cost: $1 $2" >&2
		return 1
	}
}

answers() (
	exec 3<>/dev/tcp/127.0.0.1/$port
	printf %s "$request" >&3
	read -r -t 1 reply <&3 && [ "$reply"$'\n' = "$answer" ]
)

# What the connections leave is gone then, TIME_WAIT included.
stop() {
	kill "$server"
	wait "$server" || true
	sleep 70
}

# So many more threads than 16, which only wait.
measure_threads() {
	local command
	case $1 in
	user) command=("$bench/threads" 16 "$more") ;;
	same_objects) command=("$bench/cost_threads" 16 "$more") ;;
	ukl_pthread) command=("$ukl" run "$bench/cost_threads.ko" -- 16 "$more") ;;
	ukl_pthread_64k) command=("$ukl" run "$bench/cost_threads.ko" -- 16 "$more" 65536) ;;
	ukl_thread)
		# shellcheck disable=SC2016
		command=(bash -c 'insmod "$1" threads=16 && sleep 1 && echo begun && read -r && echo $(($2 + 16)) >"$3" && sleep 2 &&
			echo stack 65536 && { read -r || true; } && rmmod ukl_cost' bash "$modules/ukl_cost.ko" "$more"
			/sys/module/ukl_cost/parameters/threads)
		;;
	esac
	$bench/grow "${command[@]}" | sed "s/^memory /threads.$1 memory /; s/^part /threads_parts.$1 memory /
		s/^stack /threads_parts.$1 memory stack /"
}

# Connections that have been asked once, 20 seconds before, by when a server has let go what it needed for that.
measure_idle() {
	if [ "$1" = baseline ]; then
		$bench/load -i $idle -s 20 -b | tag "idle_$idle.baseline"
		sleep 70
		return
	fi
	start "${1%.*}" "${1#*.}"
	$bench/load -i $idle -s 20 -m -w 1 -n 1 -q "$request" -a "$answer" "$server" $port | grep '^memory ' |
		tag "idle_${1%.*}_$idle.${1#*.}"
	stop
}

# Until the first answer. ukl_bypass loads the program's module and unloads it after, ukl_loaded finds it there. The first
# start reads what files are not in memory yet, and does not count. The timer's interrupts, which fall into some starts and
# not into others, are much of a short one: there are more of those.
measure_start() {
	local program=${1%.*} where=${1#*.} i first starts=$starts
	if [ "$where" = ukl_loaded ]; then
		insmod "$bench/$modules/$(module_name "$program").ko" start=0
		where=ukl_bypass
	fi
	case $program in
	hello)
		starts=$((4 * starts))
		first=(- 'hello ')
		case $where in
		same_objects) first+=("$bench/build/programs/hello_c") ;;
		*) first+=("$ukl" run "$bench/$modules/hello_c.ko") ;;
		esac
		;;
	*)
		server_command "$program" "$where"
		arguments "$program"
		first=("$port" "$request" "$answer" "${server_command[@]}" "${arguments[@]}")
		;;
	esac
	for ((i = 0; i <= starts; i++)); do
		$bench/first "${first[@]}" </dev/null 2>/tmp/server.err | sed "s/^first \(.*\)/start_$program.${1#*.} window 1 \1 \1/" |
			if [ $i = 0 ]; then cat >/dev/null; else cat; fi
		sleep 1
	done
	[ "${1#*.}" != ukl_loaded ] || rmmod "$(module_name "$program")"
}

module_name() {
	case $1 in
	hello) echo hello_c ;;
	*) echo "$1" ;;
	esac
}

# curve NAME SYSTEM ARGUMENTS...: what a request takes, by the number of connections, each with a request under way.
curve() {
	local name=$1 system=$2 count
	shift 2
	for count in $connections; do
		$bench/load -c "$count" -w $windows -n $((count < 1000 ? 1000 : count < 5000 ? 2 * count : count)) "$@" \
			"$server" $port | tag "${name}_$count.$system"
		# What many leave is gone then, TIME_WAIT included.
		sleep $((count < 1000 ? 1 : 70))
	done
}

measure_get() {
	start redis "$1"
	redis-cli -p $port set key:__rand_int__ xxx >/dev/null
	curve get "$1" -q $'*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n' -a $'$3\r\nxxx\r\n'
	stop
}

measure_echo() {
	case $1 in
	user_epoll) server=$($bench/epoll_server $port) ;;
	*)
		insmod $modules/echo.ko port=$port mode="$1"
		server='echo'
		sleep 1
		;;
	esac
	connections=${connections% 10000}
	curve 'echo' "$1"
	if [ "$server" = echo ]; then
		rmmod echo
	else
		kill "$server"
	fi
}

# All that is run again and again is in memory: while the host opens a file, this machine's time flies and timers run.
mkdir -p $bench/build/{bin,modules,programs}
cp $built/{grow,first,load,epoll_server,threads,cost_threads,cost_threads.ko} $bench
cp $modules/{redis,memcached,hello_c}.ko $bench/$modules
cp build/bin/ukl $bench/build/bin
cp build/programs/{redis-server,memcached,hello_c} $bench/build/programs
ukl=$bench/build/bin/ukl
[ ! -e $modules/ukl_linux.ko ] || insmod $modules/ukl_linux.ko
# Takes no time in this machine, and lets the kernel's own work after booting end.
sleep 10
ulimit -n 65536
sysctl -qw net.core.somaxconn=65535 net.ipv4.tcp_max_syn_backlog=65535 net.ipv4.ip_local_port_range='10001 65000'
echo "kernel_release $(uname -r)"
echo "redis_version $(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')"
echo "memcached_version $(memcached --version | cut -d ' ' -f 2)"
echo "threads $more"
for one in $WHAT; do
	"measure_${one%%.*}" "${one#*.}"
done
