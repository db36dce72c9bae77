#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Signals of a process, handled by its application or not.
. "$(dirname "$0")/../lib.sh"

# Sends SIGUSR1 each time that the one before has been handled.
send_until_it_ends() {
	until is_dead "$pid"; do
		kill -USR1 "$pid" 2>/dev/null
		sleep 0.1
	done
}

# waits HOW TEXT: a call that waits, for three signals.
waits() {
	run_program signal wait 3 "$1"
	says ready || return 1
	send_until_it_ends
	says "$2" && ends 0
}

computes() {
	run_program signal compute 3
	says ready || return 1
	send_until_it_ends
	says "handled [3-9] interrupted 0" && ends 0
}

# SIGHUP is blocked in the handler of SIGUSR1, SIGUSR2 is not.
nested() {
	run_program signal nested
	says ready || return 1
	kill -USR1 "$pid"
	says begun || return 1
	kill -HUP "$pid"
	kill -USR2 "$pid"
	ends 0 || return 1
	cat "$output"
	grep -qxE '\+10 \+12 -12 -10 \+1 -1 deepest 2' "$output"
}

# same HOW TEXT
same() {
	run_program signal same "$1"
	says ready || return 1
	kill -USR1 "$pid"
	says begun || return 1
	kill -USR1 "$pid"
	ends 0 || return 1
	cat "$output"
	grep -qxF "$2" "$output"
}

# in_pause: the process waits in that system call.
in_pause() {
	grep -q '^34 ' "/proc/$pid/syscall"
}

in_a_syscall() {
	run_program signal syscall
	says ready && until_true 20000 in_pause || return 1
	kill -USR1 "$pid"
	says 'pause -4, handled 1' && ends 0
}

in_accept() {
	grep -q '^43 ' "/proc/$pid/syscall"
}

accept_is_interrupted() {
	run_program signal accept
	says ready && until_true 20000 in_accept || return 1
	kill -USR1 "$pid"
	says 'accept -4, handled 1' && ends 0
}

accept_is_made_again() {
	run_program signal accept restart
	says ready && until_true 20000 in_accept || return 1
	kill -USR1 "$pid"
	says begun && until_true 20000 in_accept || return 1
	sleep 0.3
	in_accept || return 1
	kill "$pid"
	ends 143
}

masked() {
	run_program signal masked
	says ready || return 1
	kill -USR1 "$pid"
	says 'handled 1' && ends 0
}

self() {
	run_program signal self
	says ok && ends 0
}

# closed CALL: not before it waits, if that can be told.
closed() {
	local pipe
	pipe=$(mktemp -u) && mkfifo "$pipe" || return 1
	run_program signal closed "$1" "$pipe"
	says ready || return 1
	sleep 0.3
	kill -USR1 "$pid"
	says -9 && ends 0 && rm "$pipe"
}

# default SIGNAL COMMAND: what the application has not asked for has the usual effect.
default() {
	# A shell has its background jobs ignore some.
	start_process env --default-signal="$1" "$run_process" ukl_test_process "$2"
	says ready || return 1
	kill "-$1" "$pid"
	ends $((128 + $(kill -l "$1")))
}

# Signals that are ignored by default are, and the call goes on.
ignored() {
	local signal
	run_program "$1"
	says ready || return 1
	sleep 0.1
	for signal in CHLD URG WINCH CONT; do
		kill "-$signal" "$pid"
	done
	sleep 0.3
	! is_dead "$pid" && [ "$(threads_of "$pid")" = 1 ] || return 1
	kill "$pid"
	ends 143
}

state() {
	sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status"
}

is_state() {
	[[ $(state "$1") =~ ^[$2]$ ]]
}

cpu_time() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# Stopped it does nothing, continued it goes on. A thread that makes no call is not stopped.
stop_and_go_on() {
	local before calls
	run_program "$1"
	says ready || return 1
	for _ in 1 2 3; do
		kill -STOP "$pid"
		until_true 20000 is_state "$pid" T || {
			state "$pid"
			return 1
		}
		before=$(cpu_time "$pid")
		calls=$(table threads ukl_test_process calls)
		sleep 0.2
		[ "$(cpu_time "$pid")" = "$before" ] && [ "$(table threads ukl_test_process calls)" = "$calls" ] || return 1
		kill -CONT "$pid"
		until_true 20000 is_state "$pid" SR || return 1
	done
	kill "$pid"
	ends 143
}

# Blocked from the beginning, by who has started it.
inherited_mask() {
	start_process env --block-signal=TERM "$run_process" -k ukl_test_process sleep
	says ready || return 1
	kill -TERM "$pid"
	sleep 0.3
	! is_dead "$pid" || return 1
	kill -KILL "$pid"
	ends 137
}

# Many of them, while threads of all kinds run; each takes one, and none is lost for good.
storm() {
	run_program mixed 14
	says ready || return 1
	for _ in {1..300}; do
		kill -CHLD "$pid"
		kill -CONT "$pid"
	done
	! is_dead "$pid" && [ "$(threads_of "$pid")" = 15 ] || return 1
	kill "$pid"
	ends 143
}

# The error says it.
no_sigpipe() {
	run_program pipe
	ends 0 || return 1
	cat "$output"
	grep -qx 'write -32' "$output"
}

ktap_print_header
expect_in_log 'ran [0-9]+ ms without a transition'
want ukl
load ukl_test_process start=0 || ktap_exit_fail_msg "cannot load ukl_test_process.ko"
check "a handler interrupts a call" waits interrupt 'handled \([3-9]\) interrupted \1$'
check "SA_RESTART makes the call again" waits restart 'handled [0-9]* interrupted 0$'
check "a handler between calls" computes
check "handlers are nested, and masked" nested
check "the same signal waits for its handler" same wait '+10 -10 +10 -10 deepest 1'
check "SA_NODEFER: it does not" same nodefer '+10 +10 -10 -10 deepest 2'
check "a system call of the process is interrupted" in_a_syscall
check "one that would be made again, too" accept_is_interrupted
check "with SA_RESTART it is" accept_is_made_again
check "a mask, which new threads inherit" masked
check "to itself; SA_RESETHAND; refused arguments" self
for call in recv accept tcp_recv bypassed read; do
	check "a handler closes what $call waits for" closed $call
done
for signal in HUP INT QUIT USR1 PIPE ALRM TERM VTALRM IO SYS; do
	check "SIG$signal by default, blocked" default $signal sleep
done
for command in receive spin calls stubborn bypass; do
	check "SIGTERM by default, $command" default TERM $command
done
for command in sleep receive calls; do
	check "signals that are ignored, $command" ignored $command
done
for command in sleep receive calls bypass stubborn; do
	check "SIGSTOP and SIGCONT, $command" stop_and_go_on $command
done
check "no SIGPIPE for a pipe that nobody reads" no_sigpipe
check "a mask from outside" inherited_mask
check "a storm of signals" storm
finish
