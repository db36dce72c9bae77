#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Modes, and who may make calls.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases mode
finish
