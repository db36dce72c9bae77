#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Waiting for a word of memory.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases futex run_noted
finish
