#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A module that unloads, or fails to load, without ukl_app_stop(): ukl.ko stops its application.
. "$(dirname "$0")/../lib.sh"

line='ukl: forgotten: unloaded without ukl_app_stop\(\), stopped'
echo "^<4>.*$line" >>"${KLOG_EXPECTED:-/dev/null}"

said_once() {
	[ "$(dmesg --raw | awk -v mark="$mark" 'seen; index($0, mark) { seen = 1 }' | grep -cE "^<4>.*$line")" = 1 ]
}

gone() {
	! loaded ukl_test_forget && [ -z "$(table apps forgotten app)" ] && [ -z "$(table threads forgotten app)" ] &&
		! grep -qsx forgotten /proc/[0-9]*/comm
}

begin() {
	mark="forget: $1 ($RANDOM)"
	echo "<6>$mark" >/dev/kmsg
}

unload() {
	begin "unload $1"
	insmod "$modules/ukl_test_forget.ko" place="$1" || return 1
	[ "$(table threads forgotten app)" = forgotten ] || return 1
	within $stop_limit rmmod ukl_test_forget || return 1
	said_once && gone
}

fail() {
	local error
	begin "fail $1"
	if error=$(insmod "$modules/ukl_test_forget.ko" place="$1" fail=1 2>&1); then
		return 1
	fi
	echo "$error"
	[[ $error == *'Input/output error'* ]] && said_once && gone
}

ktap_print_header
want ukl
for place in calls accept application; do
	check "unload with a thread in $place" unload $place
	check "fail to load with a thread in $place" fail $place
done
check "ukl is not in use" rmmod ukl
finish
