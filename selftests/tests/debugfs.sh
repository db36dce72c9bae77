#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tables in debugfs.
. "$(dirname "$0")/../lib.sh"

# A line of names, then as many columns on each line; all but names, "mode" and "carrier" are numbers.
well_formed() {
	cat "$ukl_debugfs/$1"
	awk -F '\t' '
		BEGIN { words["mode"] = "^(none|kernel|app)$"; words["carrier"] = "^(kthread|process)$" }
		NR == 1 { columns = NF; split($0, name, "\t"); if (name[1] != "app") exit bad = 1; next }
		NF != columns { exit bad = 1 }
		{
			for (i = 2; i <= NF; i++)
				if ($i !~ (name[i] in words ? words[name[i]] : "^[0-9]+$"))
					exit bad = 1
		}
		END { exit bad || columns < 4 }
	' "$ukl_debugfs/$1"
}

empty() {
	cat "$ukl_debugfs/$1"
	[ "$(wc -l <"$ukl_debugfs/$1")" = 1 ]
}

# is TABLE COLUMN VALUE: what the table says about the application that counts.
is() {
	local value
	value=$(table "$1" hold.counted "$2")
	echo "$2 $value, expected $3"
	[ "$value" = "$3" ]
}

# 4 calls make the connection, 1000 do nothing, 5 move bytes, the last one waits.
counted() {
	is "$1" calls 1010 && is "$1" tcp_sends 3 && is "$1" tcp_sent_bytes 3000 && is "$1" tcp_recvs 2 &&
		is "$1" tcp_received_bytes 3000
}

waits() {
	[ "$(table threads hold.counted calls)" = 1010 ] && [ "$(table threads hold.counted mode)" = kernel ]
}

is_a_task() {
	local tid
	tid=$(table threads hold.counted tid)
	[ "$(cat "/proc/$tid/comm")" = hold.counted ]
}

end_of_the_thread() {
	kill "$(table threads hold.counted tid)"
	until_true 20000 is apps threads 0
}

runs_in_app() {
	echo hold.in_application >"$cases/start"
	until_true 20000 in_app
	in_app || return 1
	echo 1 >"$cases/stop"
}

in_app() {
	[ "$(table threads hold.in_application mode)" = app ]
}

# Read all the time while threads come and go.
read_meanwhile() {
	local status=0
	echo thread.many_at_once >"$cases/run" &
	while kill -0 $! 2>/dev/null; do
		well_formed threads >/dev/null && well_formed apps >/dev/null || status=1
	done
	wait $! || status=1
	return $status
}

ktap_print_header
# Some threads compute and make no calls, longer than the watchdog likes if the machine is busy.
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl ukl_test
check "apps is empty without applications" empty apps
check "threads is empty without applications" empty threads
echo hold.counted >"$cases/start"
check "a thread in a call is in mode kernel" until_true 10000 waits
check "apps is well formed" well_formed apps
check "threads is well formed" well_formed threads
check "a thread's counts are right" counted threads
check "an application's counts are right" counted apps
check "sockets are counted" is apps sockets 3
check "threads are counted" is apps threads 1
check "the stack's size is right" is threads stack 65536
check "a thread's tid is that of its task" is_a_task
check "the end of a thread is seen" end_of_the_thread
check "counts outlive the thread" counted apps
check "its sockets outlive the thread" is apps sockets 3
echo 1 >"$cases/stop"
check "a thread that computes is in mode app" runs_in_app
check "apps is empty again" empty apps
check "tables hold while threads come and go" read_meanwhile
rmmod ukl_test ukl
check "rmmod removes the tables" test ! -e "$ukl_debugfs"
finish
