#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Options of sockets.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases option
finish
