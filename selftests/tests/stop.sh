#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A stop request or a signal ends a thread within a second, wherever it is.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
want ukl ukl_test
for place in application recv recv_same_stack recv_bypassed calls calls_same_stack bypass moves moves_bypassed; do
	for means in handle SIGTERM SIGKILL; do
		check "$means in $place" run_case stop.at "$place" "$means"
	done
done
finish
