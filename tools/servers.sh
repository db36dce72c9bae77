# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0
# Redis and memcached as Debian has them and as they are built here: how each is started. For bash, in the virtual
# machine; sourced with $clone set.

# server_command PROGRAM WHERE: sets the array $server_command, to which the server's arguments are added. PROGRAM is redis
# or memcached; WHERE is
#   debian        Debian's, in user space
#   debian_batch  the same, as a batch task, which is what those in ring 0 are
#   same_objects  in user space, from the objects that the module is made of
#   ukl           in ring 0, each call with its transition
#   ukl_bypass    in ring 0, with a budget of calls that leave out the transition ($UKL_BYPASS)
#   ukl_other     the same, not as a batch task
server_command() {
	local module=$clone/build/modules/$1.ko
	case $2 in
	debian) server_command=("/usr/bin/$(server_name "$1")") ;;
	debian_batch) server_command=(chrt --batch 0 "/usr/bin/$(server_name "$1")") ;;
	same_objects) server_command=("$clone/build/programs/$(server_name "$1")") ;;
	ukl) server_command=("$clone/build/bin/ukl" run --bypass 0 "$module" --) ;;
	ukl_bypass) server_command=("$clone/build/bin/ukl" run --bypass "${UKL_BYPASS:-64}" "$module" --) ;;
	ukl_other) server_command=("$clone/build/bin/ukl" run --bypass "${UKL_BYPASS:-64}" --sched other "$module" --) ;;
	*)
		echo "there is no server $1 of the kind $2" >&2
		return 1
		;;
	esac
	# It asks for a user if root starts it.
	[ "$1" != memcached ] || server_command+=(-u root)
}

# server_answers PROCESS OUTPUT COMMAND...: waits until the command succeeds, as a server answers then. Fails if its process ends
# before, or after 20 seconds, and shows the end of its output.
server_answers() {
	local process=$1 output=$2
	shift 2
	for _ in {1..200}; do
		! "$@" 2>/dev/null || return 0
		kill -0 "$process" 2>/dev/null || break
		sleep 0.1
	done
	echo "the server does not start" >&2
	tail -n 20 "$output" >&2
	return 1
}

# server_built PROGRAM WHERE: whether it is there.
server_built() {
	case $2 in
	debian*) ;;
	same_objects) [ -e "$clone/build/programs/$(server_name "$1")" ] ;;
	*) [ -e "$clone/build/modules/$1.ko" ] ;;
	esac
}

server_name() {
	case $1 in
	redis) echo redis-server ;;
	*) echo "$1" ;;
	esac
}
