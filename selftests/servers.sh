# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0
# What the tests of Redis and memcached share. For bash; sourced behind lib.sh, with $program set.
#
# SERVER says which one is tested, of those that tools/servers.sh has: ring 0 unless asked otherwise. What is tested is
# the same for all, and has to hold for Debian's too. SERVER_COMMAND is another command line, in user space. FORKS=0:
# it cannot fork(), as in ring 0.

clone=$(dirname "$build")
. "$clone/tools/servers.sh"
: "${SERVER:=ukl}" "${SERVER_COMMAND:=}"
[ -z "$SERVER_COMMAND" ] || SERVER=other
dir=$(mktemp -d)
chmod 755 "$dir"
pids=()
trap 'end_servers; rm -rf "$test_output" "$dir"; unload_all' EXIT
ulimit -n 20000

# need_server: ends the test if the server is not there; loads what it needs.
need_server() {
	if [ "$SERVER" = other ]; then
		read -ra server_command <<<"$SERVER_COMMAND"
	elif ! server_command "$program" "$SERVER"; then
		ktap_exit_fail_msg "SERVER=$SERVER"
	elif ! server_built "$program" "$SERVER"; then
		ktap_skip_all "$program is not built: $SERVER"
		exit "$KSFT_SKIP"
	fi
	! in_ring_0 || want ukl ukl_linux
	# Redis's licence has no other name for the kernel.
	expect_in_log "redis: module license .*taints kernel|Disabling lock debugging due to kernel taint"
	# A script that computes, or a machine that is busy.
	expect_in_log "ukl: $program/[0-9]+ ran [0-9]+ ms without a transition"
	note "${server_command[*]}"
}

in_ring_0() {
	[[ $SERVER = ukl* ]]
}

: "${FORKS:=1}"
! in_ring_0 || FORKS=0

# launch LOG COMMAND...: starts a server in the folder of this test; $pid is its process.
launch() {
	local log=$dir/$1
	shift
	(
		cd "$dir" || exit
		exec "$@"
	) >"$log" 2>&1 &
	pid=$!
	pids+=("$pid")
}

# gone PID STATUS [MS]: a server ends so, and what it was made of is gone.
gone() {
	local status
	if ! until_true "${3:-20000}" is_dead "$1"; then
		echo "it does not end"
		return 1
	fi
	wait "$1"
	status=$?
	if [ "$status" != "$2" ]; then
		echo "status $status, expected $2"
		return 1
	fi
	! in_ring_0 || until_true 20000 nothing_runs
}

# End what is left of them.
end_servers() {
	local one
	for one in "${pids[@]}"; do
		! kill -0 "$one" 2>/dev/null || kill -KILL "$one"
		wait "$one" 2>/dev/null
	done
}

# cases SCRIPT PORT CASE...: one result for each of the cases, which are run by one process.
cases() {
	local script=$1 line name
	"$@" >"$test_output" 2>&1
	for name in "${@:3}"; do
		if grep -qxF "pass $name" "$test_output"; then
			ktap_test_pass "${name//_/ }"
		else
			if grep -qxF "fail $name" "$test_output"; then
				# What was printed between the case before it and its own verdict.
				awk -v verdict="fail $name" '$0 == verdict { exit } /^(pass|fail) / { text = ""; next }
					{ text = text "# " $0 "\n" } END { printf "%s", text }' "$test_output"
			else
				tail -n 20 "$test_output" | sed 's/^/# /'
			fi
			ktap_test_fail "${name//_/ }"
		fi
	done
	line=$(awk '/^took / { took = $2 } /^(pass|fail) / && took > 2 { printf "%s%s %s s", sep, $2, took; sep = ", " }' "$test_output")
	[ -z "$line" ] || note "${script##*/}: $line"
}
