#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Signals: SIGTERM and SIGKILL end a thread wherever it is, others do nothing.
. "$(dirname "$0")/../lib.sh"

# first_tid APPLICATION: its first thread.
first_tid() {
	table threads "$1" tid | sort -n | head -n 1
}

# in_place APPLICATION MODE: its first thread has got to where the case is about.
in_place() {
	local tid
	tid=$(first_tid "$1")
	[ -n "$tid" ] && [ "$tid" != 0 ] &&
		paste <(table threads "$1" tid) <(table threads "$1" mode) | grep -qxE "$tid	($2)"
}

start_in_place() {
	echo "$1" >"$cases/start" || return 1
	until_true 10000 in_place "$1" "$2" || return 1
	# In the call, and asleep where it sleeps.
	sleep 0.2
}

ended() {
	[ ! -e "/proc/$1" ] && ! table threads "$2" tid | grep -qx "$1"
}

# The status of an application is what the call of its first thread returned.
stopped_with_eintr() {
	echo 1 >"$cases/stop"
	cat "$cases/result"
	grep -qx 'status -4' "$cases/result" && [ "$(head -n 1 "$cases/result")" = pass ]
}

kill_it() {
	local tid
	start_in_place "$2" "$3" || return 1
	tid=$(first_tid "$2")
	kill "-$1" "$tid" || return 1
	within $stop_limit until_true 10000 ended "$tid" "$2" || return 1
	stopped_with_eintr
}

ignored() {
	local tid signal
	start_in_place hold.in_recv kernel || return 1
	tid=$(first_tid hold.in_recv)
	for signal in HUP INT QUIT USR1 PIPE ALRM CHLD; do
		kill -$signal "$tid"
	done
	sleep 0.2
	in_place hold.in_recv kernel && [ "$(first_tid hold.in_recv)" = "$tid" ] || return 1
	stopped_with_eintr
}

# One thread is killed, the others of the application and their sockets stay.
others_go_on() {
	local tid
	echo "hold.serve 7030" >"$cases/start"
	"$peer" hold 6 7030 3 x >/tmp/hold.out &
	until_true 10000 grep -q ready /tmp/hold.out || return 1
	tid=$(table threads hold.serve tid | sort -n | tail -n 1)
	kill -KILL "$tid"
	until_true 20000 ended "$tid" hold.serve || return 1
	[ "$(table threads hold.serve tid | wc -l)" = 3 ] || return 1
	"$peer" hold 6 7030 1 x >/tmp/hold2.out &
	until_true 10000 grep -q ready /tmp/hold2.out || return 1
	stopped_with_eintr || return 1
	wait
	cat /tmp/hold.out
	grep -q '^ended 3' /tmp/hold.out
}

ktap_print_header
# Some threads compute and make no calls, longer than the watchdog likes if the machine is busy.
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl ukl_test
for signal in TERM KILL; do
	for place in accept recv send connect join calls; do
		mode=kernel
		[ $place != calls ] || mode='app|kernel'
		check "SIG$signal in $place" kill_it $signal hold.in_$place "$mode"
	done
	check "SIG$signal in application code" kill_it $signal hold.in_application app
done
check "other signals do nothing" ignored
check "other threads go on" others_go_on
finish
