#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP: errors, and what is promised about the bytes.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases tcp
finish
