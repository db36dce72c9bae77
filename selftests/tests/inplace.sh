#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Receiving in place, and answering under the same lock.
. "$(dirname "$0")/../lib.sh"

under() {
	"$process" "$1" && show_result
}

ktap_print_header
run_cases inplace
check "under TLS" under tls
check "under TLS that comes while it waits" under tls_meanwhile
check "in a BPF socket map" under sockmap
finish
