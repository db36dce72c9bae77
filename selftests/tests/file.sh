#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Files, on file systems in memory and on a disk.
. "$(dirname "$0")/../lib.sh"

work=/run/file
cases_on_any='read_and_write lengths_of_any_size ways_to_open opens_that_cannot_be positions_that_cannot_be
	buffers_of_the_user_half large_file appends_by_one_handle appends_by_many_handles'

file_systems() {
	# A kernel may have them without a module.
	modprobe -qa loop ext4
	mkdir -p $work/tmpfs $work/small $work/ext4 $work/read-only && mount -t tmpfs tmpfs $work/tmpfs &&
		mount -t tmpfs -o size=512k tmpfs $work/small &&
		truncate -s 64M $work/disk && mkfs.ext4 -q -b 4096 $work/disk &&
		mount -o loop $work/disk $work/ext4 && mount -t tmpfs tmpfs $work/read-only &&
		echo 1 >$work/read-only/ukl_test.there && mount -o remount,ro $work/read-only &&
		mkfifo $work/fifo
}

# As open() makes it: with the permissions asked for, the umask taken off.
permissions() {
	stat -c '%a %u %n' $work/tmpfs/ukl_test.*
	[ "$(stat -c %a:%u $work/tmpfs/ukl_test.open.new)" = 640:0 ]
}

# A disk keeps what was written and synced.
on_the_disk() {
	local sum
	sum=$(sha256sum <$work/ext4/ukl_test.large) && umount $work/ext4 && mount -o loop $work/disk $work/ext4 &&
		[ "$(sha256sum <$work/ext4/ukl_test.large)" = "$sum" ]
}

left_open() {
	echo "file.left_open $work/fifo" >"$cases/start"
	until_true 20000 open_files 2 || return 1
	within $stop_limit stop_case
}

open_files() {
	[ "$(table apps file.left_open files)" = "$1" ]
}

stop_case() {
	echo 1 >"$cases/stop"
	grep -qx 'status -4' "$cases/result"
}

# Files that are open would keep it busy.
unmounted() {
	umount $work/tmpfs && umount $work/small && umount $work/ext4 && umount $work/read-only && rm -r $work
}

ktap_print_header
want ukl ukl_test
run_cases file
check "file systems" file_systems
for where in tmpfs ext4; do
	for name in $cases_on_any; do
		check "$where: $name" run_case "file.$name" $work/$where
	done
done
check "permissions" permissions
check "the disk keeps it" on_the_disk
check "no room" run_case file.no_room $work/small
check "read-only" run_case file.read_only $work/read-only
for name in fifo close_in_the_middle stop_in_the_middle; do
	check $name run_case "file.$name" $work/fifo
done
check "what is left open is closed" left_open
check "nothing is open" unmounted
rm -f /tmp/ukl_test.*
finish
