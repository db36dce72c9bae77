# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# Many faults of one kind, on both carriers, while another application serves. For bash; sourced after lib.sh.

: "${FLOOD_ROUNDS:=1000}"
flood_port=7300

# The traffic: each byte has to come back, all the time.
traffic() {
	until [ -e "$traffic_ends" ]; do
		"$peer" echo 4 $flood_port 4 20000 || return 1
		echo round >>"$traffic_rounds"
	done
}

# while_serving COMMAND...: COMMAND, with echo.ko serving on kernel threads beside it.
while_serving() {
	local status before
	traffic_ends=$(mktemp -u)
	traffic_rounds=$(mktemp)
	traffic &
	until_true 20000 test -s "$traffic_rounds" || return 1
	before=$(wc -l <"$traffic_rounds")
	"$@"
	status=$?
	# It has gone on meanwhile, and still does.
	until_true 20000 more_rounds $((before + 1)) || status=1
	touch "$traffic_ends"
	wait $! || status=1
	[ "$(table apps echo threads)" = 1 ] || status=1
	return $status
}

more_rounds() {
	[ "$(wc -l <"$traffic_rounds")" -gt "$1" ]
}

only_echo() {
	[ "$(wc -l <"$ukl_debugfs/apps")" = 2 ]
}

# What one kind does to processes: four threads at once.
flood_processes() {
	"$build/selftests/flood" "$1" "$(kill -l "$2")" "$FLOOD_ROUNDS" 4 && until_true 20000 only_echo
}

# And to kernel threads: as many applications, eight at once.
flood_kthreads() {
	echo "$1 $FLOOD_ROUNDS 8" >/sys/module/ukl_test_process/parameters/flood && only_echo
}

# As many lines say so as there were faults.
said_so() {
	local lines
	lines=$(dmesg | awk -v mark="$1" 'index($0, mark) { n = 0; seen = 1; next } seen && /the application is ended$/ { n++ } END { print n + 0 }')
	echo "$lines lines, expected $FLOOD_ROUNDS"
	[ "$lines" = "$FLOOD_ROUNDS" ]
}

# flood KIND SIGNAL: all of it.
flood() {
	local mark
	for carrier in processes kthreads; do
		mark="selftests: flood of $1, $carrier ($RANDOM)"
		echo "<6>$mark" >/dev/kmsg
		check "$FLOOD_ROUNDS times $1, $carrier" within 120000 while_serving flood_$carrier "$1" "$2"
		check "each is in the log" said_so "$mark"
	done
}

flood_begin() {
	want ukl
	if ! load echo port=$flood_port || ! load ukl_test_process start=0; then
		ktap_exit_fail_msg "cannot load the modules"
	fi
	# The kernel turns all of its messages on for a report; a console that is off stays off.
	echo 0 >/proc/sys/kernel/printk
}

flood_end() {
	check "the modules unload" rmmod ukl_test_process echo ukl
}
