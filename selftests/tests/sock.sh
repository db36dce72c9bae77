#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sockets of any kind.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases sock
finish
