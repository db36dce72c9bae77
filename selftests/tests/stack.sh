#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# On which stack the kernel's part of a call runs.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases stack
finish
