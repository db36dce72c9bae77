#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where calls on event sets, and those of TCP that do not copy, may be made.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases rules
finish
