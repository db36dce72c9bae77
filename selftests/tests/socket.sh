#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sockets by the calls for any kind: make, bind, listen, accept, send, receive.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases socket
finish
