#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sending an application's pages without copying them.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases pages
finish
