#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What interrupts see and may do on top of a thread, and calls in the middle of a call.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases interrupt
finish
