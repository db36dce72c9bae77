#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Random parameters of modules, and random reads and writes of the tables in debugfs: a module loads with what it was
# given, or says which parameter is bad; nothing happens otherwise. PARAMETER_SEED, PARAMETER_ROUNDS: which, and how many.
. "$(dirname "$0")/../lib.sh"

seed=${PARAMETER_SEED:-$RANDOM}
rounds=${PARAMETER_ROUNDS:-60}
values=('' 0 1 -1 7 080 0x10 0b1 1.5 65535 65536 2147483648 4294967295 4294967296 18446744073709551615 18446744073709551616
	y N on abc '%s%n' '1,2' ',' '"' "'" $'\t7' $'\xff\xfe' 7z "$(printf '%01200d' 7)" "$(printf 'a%.0s' {1..1500})")
declare -A parameters
loads=0 refused=0

# pick NAME...: sets $picked to one of them.
pick() {
	picked=${*:$((RANDOM % $# + 1)):1}
}

# anything: sets $picked to a value that is good, nearly good, or neither.
anything() {
	picked=${values[RANDOM % ${#values[@]}]}
	[ $((RANDOM % 4)) != 0 ] || picked=$((RANDOM % 2 ? RANDOM : -RANDOM))$picked
}

# try MODULE PARAMETER VALUE: whether the kernel has an answer to it.
try() {
	local said
	if said=$(insmod "$modules/$1.ko" "$2=$3" 2>&1); then
		loads=$((loads + 1))
		[ ! -r "/sys/module/$1/parameters/$2" ] || cat "/sys/module/$1/parameters/$2" >/dev/null || return 1
		rmmod "$1"
		return
	fi
	refused=$((refused + 1))
	# EINVAL, ERANGE, ENOSPC for strings, EADDRINUSE and EACCES for ports, ENOMEM for threads.
	grep -qE ': (Invalid (parameters|argument)|Numerical result out of range|No space left on device|Address already in use|Permission denied|Cannot allocate memory)$' <<<"$said" &&
		! loaded "$1" && return
	printf '%s %s=%q: %s\n' "$1" "$2" "$3" "$said"
	return 1
}

random_parameters() {
	local module parameter i
	for ((i = 0; i < rounds; i++)); do
		pick "${!parameters[@]}"
		module=$picked
		# shellcheck disable=SC2086
		pick ${parameters[$module]}
		parameter=$picked
		anything
		if [ "$module" = ukl ]; then unload_all; else want ukl ukl_linux; fi
		try "$module" "$parameter" "$picked" || return 1
	done
	note "$loads loaded, $refused were refused"
	[ "$loads" -gt $((rounds / 10)) ] && [ "$refused" -gt $((rounds / 10)) ]
}

bad_numbers() {
	local value
	unload_all
	for value in abc '' -1 1.5 4294967296; do
		! insmod "$modules/ukl.ko" "watchdog_ms=$value" 2>/dev/null || {
			echo "watchdog_ms=$value"
			return 1
		}
	done
}

# While an application is there to be read about.
random_reads() {
	local i table reads status=0
	echo hold.in_application >"$cases/start" || return 1
	for ((i = 0; i < rounds; i++)); do
		pick apps threads
		table=$ukl_debugfs/$picked
		reads="bs=$((RANDOM % 5000 + 1)) skip=$((RANDOM % 3 * RANDOM)) count=$((RANDOM % 4)) iflag=skip_bytes"
		# shellcheck disable=SC2086
		dd if="$table" of=/dev/null status=none $reads || {
			echo "$table cannot be read: $reads"
			status=1
		}
		anything
		# Nothing is not written, and so not refused.
		! printf '%s' "${picked:-0}" 2>/dev/null >"$table" || {
			printf '%s can be written: %q\n' "$table" "$picked"
			status=1
		}
	done
	echo 1 >"$cases/stop"
	return $status
}

ktap_print_header
# How it says that a value is bad, whose end a line of the log may have no room for; and what an application says whose
# address is none.
expect_in_log '^<3>\[[^]]*\] (ukl|echo|kv|chat|ukl_test_process): `'
expect_in_log '(echo|kv|chat): cannot (listen|serve) on port'
expect_in_log 'string parameter too long|: string doesn.t fit|unknown parameter .* ignored'
expect_in_log 'ran [0-9]+ ms without a transition'
RANDOM=$seed
note "seed $seed"
for module in ukl echo kv chat ukl_test_process; do
	names=$(modinfo -p "$modules/$module.ko" | sed 's/:.*//' | sort | tr '\n' ' ')
	[ -z "$names" ] || parameters[$module]=$names
done
check "there are parameters" [ ${#parameters[@]} -gt 2 ]
check "numbers that are none" bad_numbers
check "random parameters" random_parameters
want ukl ukl_test
check "random reads and writes of tables" random_reads
check "an application can be started after all that" run_case mode.app_in_an_application
finish
