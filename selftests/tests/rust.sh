#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The Rust face, every method once.
. "$(dirname "$0")/../lib.sh"

# In the order of modules/rust/main.rs.
cases=('TCP connections' 'TCP sending and receiving' 'TCP options' 'receiving in place' 'exchange' 'pages' 'UDP'
	'unix sockets' 'event set of sockets' 'waking' 'event set of files' 'files' 'time and words')

run_rust() {
	insmod "$modules/ukl_test_rust.ko" case="$1" && rmmod ukl_test_rust && return
	dmesg | grep ukl_test_rust | tail -n 5
	return 1
}

ktap_print_header
want ukl
rm -f /tmp/ukl_test_rust.{file,fifo,socket}
mkfifo /tmp/ukl_test_rust.fifo
for number in "${!cases[@]}"; do
	check "${cases[number]}" run_rust "$number"
done
check "descriptors" run_rust ${#cases[@]} < <(echo 'hello from insmod')
rm -f /tmp/ukl_test_rust.{file,fifo,socket}
finish
