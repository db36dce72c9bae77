#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Applications: start, stop, what stop has to take back.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
# Some threads compute and make no calls, longer than the watchdog likes if the machine is busy.
expect_in_log 'ran [0-9]+ ms without a transition'
run_cases app
finish
