#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Faults of one kind, which the kernel reports one by one; in a test of its own for the size of its log.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../flood.sh"

ktap_print_header
expect_reports
flood_begin
flood bug ILL
flood_end
finish
