#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Calls with several buffers.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases vector
finish
