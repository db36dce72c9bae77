#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tools/vm.sh NET=outside: commands outside of the machine, and clients there that reach it. KTAP. Skipped where no tap
# device can be made.
set -u
clone=$(cd "$(dirname "$0")/../.." && pwd -P)
count=0 failed=0

check() {
	count=$((count + 1))
	if grep -qx "$2" <<<"$output"; then
		echo "ok $count $1"
	else
		echo "not ok $count $1"
		failed=1
	fi
}

# Run in the machine. A server there, and clients outside; one line from each.
# shellcheck disable=SC2016
inside='
	tools/vm/outside "echo it is said outside; exit 3"
	echo "its status is $?"
	busybox nc -l -p 7000 >/tmp/heard &
	sleep 0.5
	tools/vm/outside "exec 3<>/dev/tcp/\$OUTSIDE/7000 && echo hello from outside >&3"
	wait
	cat /tmp/heard
	for i in 1 2 3; do (tools/vm/outside "sleep 0.1; echo $i" | sed "s/^/answer of $i: /") & done
	wait
'
echo 'TAP version 13'
output=$(NET=outside LOAD=0 NAME=outside TIMEOUT=90 "$clone/tools/vm.sh" "$inside" 2>&1)
status=$?
if [ $status = 125 ] && grep -q 'no client can be outside' <<<"$output"; then
	echo '1..0 # SKIP no tap device can be made here'
	exit 4
fi
check 'output comes back' 'it is said outside'
check 'the exit status comes back' 'its status is 3'
check 'a client outside reaches the machine' 'hello from outside'
for i in 1 2 3; do check "command $i of three at once has its own output" "answer of $i: $i"; done
[ $failed = 0 ] || printf '# %s\n' "${output//$'\n'/$'\n# '}"
echo "1..$count"
exit $failed
