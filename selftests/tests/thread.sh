#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Threads and their stacks.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases thread
finish
