#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Grace periods of RCU and RCU-tasks end, and files are released, while a thread calls without a pause.
. "$(dirname "$0")/../lib.sh"

ktap_print_header
run_cases rcu run_noted
run_cases fput run_noted
finish
