#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The watchdog: a thread that runs for long without a transition is measured, and named once.
. "$(dirname "$0")/../lib.sh"

line='ukl: spin\.without_a_call/[0-9]+ ran [0-9]+ ms without a transition'
echo "^<4>.*$line" >>"${KLOG_EXPECTED:-/dev/null}"
mark=
# A thread that runs on, in ms: a busy machine comes to look at it late.
long=15000

# start_spin MS: from here on the log counts.
start_spin() {
	mark="watchdog: $1 ms ($RANDOM)"
	echo "<6>$mark" >/dev/kmsg
	echo "spin.without_a_call $1" >"$cases/start"
}

# The lines about this thread, of level warning.
reports() {
	dmesg --raw | awk -v mark="$mark" 'seen; index($0, mark) { seen = 1 }' | grep -E "^<4>.*$line"
}

finished() {
	[ "$(head -n 1 "$cases/result")" != running ]
}

end_spin() {
	echo 1 >"$cases/stop"
	show_result
}

# What the thread itself says of its longer run, in us: a busy host lets it run on for longer than it wants to.
ran() {
	sed -n 's/^ran \([0-9]*\) us$/\1/p' "$cases/result" | head -n 1
}

# The longest run is that, give or take two ticks of 4 ms.
longest_is_right() {
	local us
	us=$(table threads spin.without_a_call longest_run_us)
	note "a run of $(ran) us is measured as $us us"
	[ "$us" -ge $(($(ran) - 8000)) ] && [ "$us" -le $(($(ran) + 8000)) ]
}

# reported TIMES MIN MAX: how often, and with how many milliseconds.
reported() {
	local ms
	reports
	[ "$(reports | grep -c .)" = "$1" ] || return 1
	[ "$1" != 0 ] || return 0
	ms=$(reports | sed 's/.* ran \([0-9]*\) ms .*/\1/')
	[ "$ms" -ge "$2" ] && [ "$ms" -le "$3" ]
}

# It tells the thread's number.
names_it() {
	local tid
	tid=$(table threads spin.without_a_call tid)
	reports | grep -qF "spin.without_a_call/$tid ran"
}

before_it_ends() {
	until_true $((long - 100)) reported 1 200 $((long - 100)) && [ "$(table threads spin.without_a_call mode)" = app ] && ! finished
}

quiet_by_default() {
	start_spin 500 && until_true 20000 finished && sleep 0.6 && longest_is_right && reported 0
}

ktap_print_header
unload_all
load ukl
want ukl_test
check "500 ms are not too long by default" quiet_by_default
end_spin
unload_all
insmod "$modules/ukl.ko" watchdog_ms=200
want ukl_test
start_spin 50
until_true 20000 finished
sleep 0.6
check "50 ms are less than 200" reported 0
end_spin
start_spin 500
until_true 20000 finished
sleep 0.6
check "500 ms are more than 200, said once" reported 1 200 $(($(ran) / 1000 + 12))
check "the report names the thread" names_it
check "the longest run is right" longest_is_right
check "the thread does as it is told" end_spin
start_spin $long
check "a thread that still runs is reported" before_it_ends
until_true 30000 finished
sleep 0.6
check "and not again when it calls" reported 1 200 $((long - 100))
check "its longest run is right" longest_is_right
end_spin
unload_all
insmod "$modules/ukl.ko" watchdog_ms=0
want ukl_test
start_spin 500
until_true 20000 finished
sleep 0.6
check "0 is never" reported 0
end_spin
finish
