#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh FOLDER: the part of tools/redis-suite.sh that runs in the virtual machine, with ukl.ko loaded. FOLDER gets what
# the suite and the servers say: SERVER/UNIT.log, whose last line is how the file ended, and SERVER/server.log.
# Environment: SERVERS, UNITS (default: all), LIMIT, SLOW.
set -eu
clone=$PWD
logs=$clone/$1
. tools/servers.sh
skipped=$clone/tools/redis-suite/skipped
suite=/tmp/suite port=7061
# In software; the suite's own limit is for what makes no progress.
stuck=240

# options WHERE UNIT: sets the array $options to what has the suite leave out what tools/redis-suite/skipped says.
options() {
	local where unit test tags=
	[ "$SLOW" = 1 ] || tags='-slow'
	options=()
	while IFS=$'\t' read -r where unit test _; do
		[ "$unit" = "$2" ] || continue
		# shellcheck disable=SC2053 # a pattern
		if [[ $1 = $where ]] || { [ "$where" = slow ] && [ "$SLOW" = 0 ]; }; then
			options+=(--skiptest "$test")
		fi
	done < <(grep -v '^#' "$skipped")
	[ -z "$tags" ] || options+=(--tags "$tags")
}

# start WHERE: starts the server; $server is then its process.
start() {
	server_command redis "$1"
	rm -rf /tmp/redis
	mkdir /tmp/redis
	# As Redis's own continuous integration starts it for this.
	"${server_command[@]}" --port $port --save '' --dir /tmp/redis --enable-protected-configs yes --enable-debug-command yes \
		--enable-module-command yes --crash-memcheck-enabled no >>"$logs/$1/server.log" 2>&1 &
	server=$!
	for _ in {1..200}; do
		! answers || return 0
		kill -0 $server 2>/dev/null || break
		sleep 0.1
	done
	echo "check-redis: the server does not start: $1" >&2
	tail -n 20 "$logs/$1/server.log" >&2
	return 1
}

answers() {
	kill -0 $server 2>/dev/null && [ "$(timeout 20 redis-cli -p $port ping 2>&1)" = PONG ]
}

stop() {
	kill "-$1" "$server" 2>/dev/null || true
	wait "$server" || ended=$?
}

# count WHAT: how many results of that kind the file has.
count() {
	grep -ac "^\[$1\]: " "$log" || true
}

# run WHERE UNIT: one file of the suite.
run() {
	local log=$logs/$1/${2//\//.}.log began=$SECONDS ended=0 finished=finished options
	options "$1" "$2"
	(
		cd $suite
		exec timeout -k 5 "$LIMIT" tclsh tests/test_helper.tcl --host 127.0.0.1 --port $port --single "$2" --durable \
			--timeout $stuck "${options[@]}"
	) >"$log" 2>&1 || ended=$?
	if ! answers; then
		stop KILL
		echo "end: the server is gone, status $ended, $((SECONDS - began)) s" >>"$log"
		start "$1"
	else
		grep -q '^\[[0-9/]* done\]: ' "$log" || finished='not finished'
		echo "end: $finished, status $ended, $((SECONDS - began)) s" >>"$log"
		# A test that fails does not undo what it has changed.
		if [ $ended != 0 ]; then
			stop TERM
			start "$1"
		fi
	fi
	echo "$1 $2: $(count ok) passed, $(count err) failed, $(count skip)+$(count ignore) skipped; $(tail -n 1 "$log")"
}

# In memory, and with the programs where the suite looks for them.
mkdir -p $suite/src
cp -r build/sources/redis/tests $suite
ln -s /usr/bin/redis-{benchmark,check-aof,check-rdb,cli,server} $suite/src
# No colours.
export TERM=dumb
ulimit -n 20000
insmod build/modules/ukl_linux.ko
all=$(cd $suite && tclsh tests/test_helper.tcl --list-tests)
for where in $SERVERS; do
	mkdir -p "$logs/$where"
	start "$where"
	for unit in ${UNITS:-$all}; do
		run "$where" "$unit"
	done
	stop TERM
done
