#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# C programs in ring 0: ukl_linux.ko, the C library, what tools/cc makes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../leak.sh"

programs=$build/programs
ukl=$build/bin/ukl
out=/tmp/out
export PS1=for-hello

run() {
	"$ukl" run "$modules/$1.ko" -- "${@:2}"
}

# The same lines but for those that say which process and ring it is.
hello_is_the_same() {
	printf 'one\ntwo' >/tmp/in
	(cd /usr && run hello_c a 'b c' '' </tmp/in) >$out.0 2>&1 || return
	(cd /usr && exec -a hello_c "$programs/hello_c" a 'b c' '' </tmp/in) >$out.3 2>&1 || return
	grep -q 'ring 0' $out.0 && grep -q 'ring 3' $out.3 || return
	diff <(grep -v -e ring -e 'environment: _=' $out.0) <(grep -v -e ring -e 'environment: _=' $out.3)
}

# in_both NAME [OPTION]...: every result of the program's, in user space first; options of `ukl run`. SIGWINCH and
# SIGPIPE are ignored, as a program is to hear.
in_both() (
	trap '' WINCH PIPE
	timeout 200 "$programs/$1" >$out.3 2>&1 || { cat $out.3; return 1; }
	timeout 200 "$ukl" run "${@:2}" "$modules/$1.ko" >$out.0 2>&1 || { cat $out.0; return 1; }
	diff <(grep -o '^ok [0-9]* .*' $out.3) <(grep -o '^ok [0-9]* .*' $out.0)
)

traced() {
	"$ukl" run --trace "$modules/hello_c.ko" -- x </dev/null >$out 2>&1 || return
	grep -q '] getcwd(0x[0-9a-f]*, 4096) = ' $out && grep -q '] exit_group(0)$' $out
}

# Those with entries of their own, too.
hot_traced() {
	local call
	"$ukl" run --trace "$modules/calls.ko" </dev/null >$out 2>&1 || return
	for call in 'read([0-9]*, 0x[0-9a-f]*, 100) = 7' 'write([0-9]*, "request", 7) = 7' \
		'sendmsg([0-9]*, 0x[0-9a-f]*, 0) = 7' 'sendmsg(-1, 0x[0-9a-f]*, 0) = -1 EBADF' \
		'clock_gettime([0-9]*, 0x[0-9a-f]*) = 0'; do
		grep -q "] $call\$" $out || { echo "not shown: $call"; return 1; }
	done
}

# ends HOW STATUS
ends() {
	run ends "$1" >$out 2>&1
	local status=$?
	[ $status = "$2" ] || { echo "status $status"; cat $out; return 1; }
	nothing_left
}

is_gone() {
	[ "$(lsmod | grep -c -e ^ends -e ^ukl_linux)" = 0 ] && [ -z "$(pgrep -x ends)" ]
}

nothing_left() {
	until_true 20000 is_gone
}

# A signal ends "ukl run" too, which then cannot unload the module.
aborts() {
	run ends abort >$out 2>&1
	local status=$?
	[ $status = 134 ] || { echo "status $status"; cat $out; return 1; }
	rmmod ends ukl_linux
}

killed() {
	"$ukl" run "$modules/ends.ko" >$out 2>&1 &
	local pid=$!
	until_true 20000 grep -q ready $out || return
	kill -"$1" $pid
	wait $pid
	[ $? = $((128 + $1)) ] || return
	rmmod ends 2>/dev/null
	rmmod ukl_linux 2>/dev/null
	nothing_left
}

# The process's own descriptors are the program's.
truth() {
	"$ukl" run "$modules/ends.ko" >$out 2>&1 &
	local pid=$! count
	until_true 20000 grep -q ready $out || return
	count=$(find /proc/$pid/fd -lname 'socket:*' | wc -l)
	kill -9 $pid
	wait $pid
	[ "$count" = 50 ] || { echo "$count sockets"; return 1; }
	rmmod ends ukl_linux
}

one_at_a_time() {
	"$ukl" run "$modules/ends.ko" >$out 2>&1 &
	local pid=$! status
	until_true 20000 grep -q ready $out || return
	run ends exit >$out.2 2>&1
	status=$?
	kill -9 $pid
	wait $pid
	cat $out.2
	[ $status != 0 ] && grep -q 'Device or resource busy\|EBUSY' $out.2 || return
	rmmod ends ukl_linux
}

# With its module left loaded, the next run finds fresh variables.
again() {
	"$ukl" run --keep "$modules/ends.ko" -- exit >$out 2>&1
	[ $? = 5 ] || return
	"$ukl" run "$modules/ends.ko" -- exit >$out 2>&1
	[ $? = 5 ] || { cat $out; return 1; }
	rmmod ends ukl_linux
}

not_on_a_kernel_thread() {
	modprobe ukl 2>/dev/null || insmod "$modules/ukl.ko" 2>/dev/null
	insmod "$modules/ukl_linux.ko" || return
	! insmod "$modules/hello_c.ko" start=1 || return
	rmmod ukl_linux
}

named_once() {
	run ends unknown >$out 2>&1
	[ $? = 6 ] || { cat $out; return 1; }
	[ "$(dmesg | grep -c 'system call ? (463) is not supported')" = 1 ] &&
		dmesg | grep -q 'ukl_linux: ends/[0-9]*: 2 system calls were not supported'
}

quietly() {
	run ends sends >$out 2>&1
	[ $? = 5 ] && nothing_left
}

leaks_nothing() {
	leaks 4 quietly
	[ $? = 1 ]
}

ktap_print_header
expect_in_log 'ukl: ends/[0-9]+ ran [0-9]+ ms without a transition'
expect_in_log 'ukl_linux: a process runs this program already'
expect_in_log 'hello_c: a program in C runs as a process'
check "hello is the same in both rings" hello_is_the_same
check "system calls are shown" traced
check "those that servers make most, too" hot_traced
check "system calls come to the same in both rings" in_both calls
check "those that servers hardly ever make, too" in_both rare
check "and with a bypass" in_both calls --bypass 64
check "those, too" in_both rare --bypass 64
check "threads do" in_both threads
check "floating point does" in_both float
check "strings do" in_both strings
check "exit() ends all threads" ends exit 5
check "so does one of another thread" ends thread 7
check "fork() is refused" ends fork 6
check "an unknown system call is named once" named_once
check "abort()" aborts
check "killed" killed 9
check "terminated" killed 15
check "/proc shows its descriptors" truth
check "one process at a time runs a program" one_at_a_time
check "the next run has fresh variables" again
check "a program that ends leaks nothing" leaks_nothing
check "not on a kernel thread" not_on_a_kernel_thread
rm -rf "$seen"
finish
