# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts here, which measure in the virtual machine. For bash; sourced with $self, the script's name, set.

# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../lib.sh"
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
build=$clone/build
results=build/results # as the build root sees it, and the clone's top
: "${QUICK:=0}"

# compile FOLDER SOURCE...: programs of C for user space, into FOLDER of the clone.
compile() {
	local folder=$1 source
	shift
	mkdir -p "$clone/$folder" "$clone/$results"
	for source; do
		"$clone/tools/enter.sh" cc -std=gnu11 -O2 -Wall -Wextra -pthread -o "$folder/$(basename "$source" .c)" "$source" -l:liburing.a
	done
}

# measure NAME COMMAND: runs COMMAND with ukl.ko loaded, and ends with a message if it or the kernel complained. NAME is
# that of the run, of which the logs stay in build/vm/NAME. What tools/vm.sh has is set before it. Its output is that of
# COMMAND alone.
measure() {
	local status=0
	LOAD=1 NAME=$1 "$clone/tools/vm.sh" "$2" || status=$?
	[ $status = 0 ] || die "the measurement failed with status $status: see build/vm/$1"
	"$clone/tools/klog-scan.sh" "$build/vm/$1/dmesg.log" >&2 || die "the kernel complained"
}

# python FILE [ARGUMENT...]: one of the reports.
python() {
	"$clone/tools/enter.sh" env PYTHONPATH=tools/bench:tools/bench/servers "STRICT=${STRICT:-0}" python3 "$@"
}
