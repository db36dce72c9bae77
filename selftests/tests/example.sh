#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The ten lines of Documentation/api.md, which the build takes from there.
. "$(dirname "$0")/../lib.sh"

answers() {
	local answer
	exec 3<>/dev/tcp/127.0.0.1/7000 || return
	read -r -t 5 answer <&3
	exec 3>&-
	echo "it said: $answer"
	[ "$answer" = "hello from ring 0" ]
}

ktap_print_header
want ukl
check "load" load hello
check "a first client is answered" until_true 20000 answers
check "a second one too" answers
check "unload" rmmod hello
finish
