# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts in tools/: places, messages, namespaces. Sourced with $self, the script's name, set.

clone=$(cd "$(dirname "$0")/.." && pwd -P)
build=$clone/build
cache=${UKL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ukl}

say() {
	printf '%s: %s\n' "$self" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# The words before a command that give it the right to mount, in a mount namespace of its own. Without root that
# takes a user namespace in which root is the caller, so that what root makes there belongs to the caller.
mount_ns='unshare --mount --propagation private --'
[ "$(id -u)" = 0 ] || mount_ns='unshare --user --map-root-user --map-auto --mount --propagation private --'

# One line that says why $mount_ns cannot work here; nothing if it can.
why_no_mount_ns() {
	if [ "$(id -u)" = 0 ]; then
		$mount_ns true 2>/dev/null || echo "root cannot make a mount namespace here: use a machine or container that allows it (CAP_SYS_ADMIN)"
	elif ! unshare --user --map-root-user true 2>/dev/null; then
		echo "no root and no user namespace: run it as root, or have root allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)"
	elif ! command -v newuidmap >/dev/null; then
		echo "no newuidmap, which a user namespace needs: apt-get install uidmap, or run it as root"
	elif ! $mount_ns true 2>/dev/null; then
		user=$(id -un 2>/dev/null || id -u)
		echo "no subordinate ids for $user, which a user namespace needs: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $user, or run it as root"
	fi
}
