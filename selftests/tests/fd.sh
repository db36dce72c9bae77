#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sockets and files that go over from a process to an application and back.
. "$(dirname "$0")/../lib.sh"

fds=$build/selftests/fds

# by_process NAME [COMMAND...]: a test that leaves no socket behind.
by_process() {
	local before
	before=$(sockets)
	"${@:2}" "$fds" "$1" && no_more_sockets "$before" || return 1
	! grep '^fd.host' "$ukl_debugfs/apps"
}

# A socket keeps the network namespace that its process was in.
elsewhere() {
	by_process "$1" unshare --net bash -c 'ip link set lo up && exec "$@"' sh
}

ktap_print_header
run_cases fd
for name in $("$fds"); do
	check "$name" by_process "$name"
done
check "listener in another network namespace" elsewhere listener
check "taken over in another network namespace" elsewhere taken_over
finish
