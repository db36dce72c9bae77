#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh FOLDER: the part of tools/redis-suite.sh that runs in the virtual machine, with ukl.ko loaded. FOLDER gets what
# the suite and the servers say: SERVER/UNIT.log, whose last line is how the file ended, and SERVER/server.log. A file of which
# something fails is run again, for tests that have milliseconds; SERVER/UNIT.first is then what it said at first.
# Environment: SERVERS, UNITS (default: all), LIMIT, SLOW.
set -eu
clone=$PWD
logs=$clone/$1
. tools/servers.sh
skipped=$clone/tools/redis-suite/skipped
suite=/tmp/suite port=7061 runs=
# Seconds without a result, after which the suite gives a file up.
stuck=240

# options WHERE UNIT: sets the array $options to what has the suite leave out what tools/redis-suite/skipped says.
options() {
	local where unit test
	options=()
	while IFS=$'\t' read -r where unit test _; do
		[ "$unit" = "$2" ] || continue
		# shellcheck disable=SC2053 # a pattern
		if [[ $1 = $where ]] || { [ "$where" = slow ] && [ "$SLOW" = 0 ]; }; then
			options+=(--skiptest "$test")
		fi
	done < <(grep -v '^#' "$skipped")
}

# starts UNIT: whether the suite is to start the servers of a file. These files test nothing else.
starts() {
	case $1 in
	unit/acl | unit/acl-v2 | unit/auth | unit/client-eviction | unit/info | unit/limits | \
		unit/networking | unit/obuf-limits | unit/oom-score-adj | unit/type/hash-field-expire) ;;
	*) return 1 ;;
	esac
}

# may_start WHERE: the suite starts such servers. In ring 0 one process at a time can run a program, so that another server that
# a test wants is the same in user space.
may_start() {
	local other=
	server_command redis same_objects
	case $1 in
	ukl*) other="[ ! -e /sys/module/redis ] || exec ${server_command[*]} \"\$@\"" ;;
	esac
	server_command redis "$1"
	printf '%s\n' '#!/bin/sh' "$other" "exec ${server_command[*]} \"\$@\"" >$suite/src/redis-server
	chmod +x $suite/src/redis-server
}

# more UNIT: the arguments of the server, for a file. To begin with a log of commands while it runs, Redis forks; if it
# has one from its start, it need not.
more() {
	case $1 in
	unit/expire | unit/other | unit/type/stream | unit/type/stream-cgroups) echo --appendonly yes ;;
	esac
}

# ready WHERE UNIT: has a server for a file; $server is its process. The one that runs will do unless it has to be started
# anew.
ready() {
	local arguments
	arguments=$1$(more "$2")
	[ "$runs" != "$arguments" ] || return 0
	stop TERM
	server_command redis "$1"
	rm -rf /tmp/redis
	mkdir /tmp/redis
	# As Redis's own continuous integration starts it for this.
	# shellcheck disable=SC2046
	"${server_command[@]}" --port $port --save '' --dir /tmp/redis --enable-protected-configs yes --enable-debug-command yes \
		--enable-module-command yes --crash-memcheck-enabled no $(more "$2") >>"$logs/$1/server.log" 2>&1 &
	server=$! runs=$arguments
	for _ in {1..200}; do
		! answers || return 0
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	echo "check-redis: the server does not start: $1" >&2
	tail -n 20 "$logs/$1/server.log" >&2
	exit 1
}

answers() {
	kill -0 "$server" 2>/dev/null && [ "$(timeout 20 redis-cli -p $port ping 2>&1)" = PONG ]
}

# stop SIGNAL: ends the server, if one runs; $status is how it ended.
stop() {
	status=0
	[ -n "$runs" ] || return 0
	kill "-$1" "$server" 2>/dev/null || true
	timeout 60 tail --pid="$server" -f /dev/null || kill -KILL "$server"
	wait "$server" || status=$?
	runs=
}

# count WHAT: how many results of that kind the file has.
count() {
	grep -ac "^\[$1\]: " "$log" || true
}

# run WHERE UNIT: one file of the suite; fails if a test does. A server that is gone is a result, not tried again.
run() {
	local log=$logs/$1/${2//\//.}.log began ended=0 end=finished options
	options "$1" "$2"
	if starts "$2"; then
		stop TERM
		may_start "$1"
		options+=(--clients 1)
	else
		ready "$1" "$2"
		options+=(--host 127.0.0.1 --port "$port")
	fi
	began=$SECONDS
	(
		cd $suite
		exec timeout -k 5 "$LIMIT" tclsh tests/test_helper.tcl --single "$2" --durable --timeout $stuck "${options[@]}"
	) >"$log" 2>&1 || ended=$?
	grep -q '^\[[0-9/]* done\]: ' "$log" || end='not finished'
	if starts "$2"; then
		# Those that a test left.
		! pkill -KILL -x 'redis|redis-server' || sleep 2
	elif ! answers; then
		stop KILL
		end="the server is gone, with status $status"
	elif [ $ended != 0 ]; then
		# A test that fails does not undo what it has changed.
		stop TERM
	fi
	echo "end: $end, $((SECONDS - began)) s" >>"$log"
	echo "$1 $2: $(count ok) passed, $(count err) failed, $(($(count skip) + $(count ignore))) skipped; $end, $((SECONDS - began)) s"
	[ $ended = 0 ] || [[ $end = *gone* ]]
}

# In memory, and with the programs where the suite looks for them.
mkdir -p $suite/src
cp -r build/sources/redis/tests $suite
ln -s /usr/bin/redis-{benchmark,check-aof,check-rdb,cli} $suite/src
# No colours.
export TERM=dumb
ulimit -n 20000
[[ $SERVERS != *ukl* ]] || insmod build/modules/ukl_linux.ko
all=$(cd $suite && tclsh tests/test_helper.tcl --list-tests)
for where in $SERVERS; do
	mkdir -p "$logs/$where"
	for unit in ${UNITS:-$all}; do
		run "$where" "$unit" && continue
		mv "$logs/$where/${unit//\//.}".{log,first}
		run "$where" "$unit" || true
	done
done
stop TERM
