#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Clocks and sleeping.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases time
finish
