#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh FILE [TEST...]: the half of tools/coverage.sh that runs in the machine: the self-tests; FILE gets what the
# modules have counted, every now and then, for a machine that dies.
set -u
counters=$1
shift

insmod build/modules/ukl_coverage.ko || exit 1
save() {
	cat /sys/kernel/debug/ukl_coverage >/tmp/counters && cp /tmp/counters "$counters"
}

while sleep 60; do
	save
done &
saver=$!
bash selftests/run.sh "$@"
status=$?
kill "$saver"
wait "$saver"
save
exit "$status"
