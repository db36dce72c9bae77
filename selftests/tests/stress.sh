#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 256 threads that make all kinds of calls and are moved between the CPUs, for 30 seconds.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
want ukl ukl_test
check "256 threads for 30 s" run_noted stress.many 256 30
finish
