#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A thread that is blocked in a call: its socket is closed or shut down, or it is stopped.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases close
finish
