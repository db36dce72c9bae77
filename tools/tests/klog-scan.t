#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# klog-scan.sh on made-up logs: each kind of complaint, what is no complaint, what cannot be judged. KTAP.
set -u
scan=$(cd "$(dirname "$0")/.." && pwd)/klog-scan.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0 failed=0

# log TAINT [LINE]...: makes a whole log.
log() {
	local taint=$1
	shift
	echo '[    0.000000] Linux version 7.3.4+deb13-amd64 (debian-kernel@lists.debian.org)'
	echo '[    2.633746] Freeing unused kernel image (initmem) memory: 4664K'
	printf '[    9.519857] %s\n' "$@"
	echo "[   10.521908] ukl: end of log, taint $taint"
}

# expect STATUS NAME: what the scan says of $dir/log.
expect() {
	count=$((count + 1))
	output=$("$scan" "$dir/log" 2>&1)
	status=$?
	if [ "$status" = "$1" ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		echo "# status $status, not $1; said: $output"
		failed=1
	fi
}

bad=(
	'WARNING: CPU: 0 PID: 1 at kernel/rcu/tree.c:123 rcu_note_context_switch+0x5/0x10'
	'WARNING: possible circular locking dependency detected'
	'BUG: kernel NULL pointer dereference, address: 0000000000000000'
	'kernel BUG at mm/slub.c:4321!'
	'Oops: Oops: 0002 [#1] SMP NOPTI'
	'Kernel panic - not syncing: Fatal exception'
	'Call Trace:'
	'Oops: general protection fault, probably for non-canonical address 0xdead000000000000: 0000 [#1]'
	'traps: PANIC: double fault, error_code: 0x0'
	'Oops: invalid opcode: 0000 [#1] SMP'
	'Oops: divide error: 0000 [#1] SMP'
	'BUG: TASK stack guard page was hit at 0000000012345678'
	'Kernel panic - not syncing: stack-protector: kernel stack is corrupted in: ukl_call+0x12/0x20'
	'BUG: unable to handle page fault for address: ffffc90000000000'
	'WARNING: possible recursive locking detected'
	'WARNING: possible irq lock inversion dependency detected'
	'WARNING: inconsistent lock state'
	'WARNING: suspicious RCU usage'
	'WARNING: bad unlock balance detected!'
	'WARNING: lock held when returning to user space!'
	'[ BUG: Invalid wait context ]'
	'INFO: trying to register non-static key.'
	'BUG: scheduling while atomic: kv/123/0x00000002'
	'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580'
	'BUG: KASAN: slab-use-after-free in ukl_exit+0x1/0x2'
	'BUG: KCSAN: data-race in a [ukl] / b'
	'BUG: KFENCE: use-after-free read in ukl_exit+0x1/0x2'
	'UBSAN: array-index-out-of-bounds in net/ipv4/tcp.c:1:2'
	'kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'
	'rcu: INFO: rcu_preempt self-detected stall on CPU'
	'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:'
	'rcu: rcu_preempt kthread starved for 5250 jiffies! g1 f0x0'
	'INFO: rcu_tasks detected stalls on tasks:'
	'INFO: task kv:123 blocked for more than 120 seconds.'
	'watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kv:123]'
	'watchdog: Watchdog detected hard LOCKUP on cpu 0'
	'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!'
	'workqueue: ukl_work hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND'
	'Unpatched return thunk in use. This should not happen!'
	'ukl.o: warning: objtool: ukl_enter+0x10: unreachable instruction'
	'WARNING: stack recursion on stack type 1'
	'unwind stack type:0 next_sp:0000000000000000 mask:0x2 graph_idx:0'
	'Missing ENDBR: ukl_app_entry+0x0/0x10 [kv]'
	'CFI failure at ukl_call+0x10/0x20 (target: kv_main+0x0/0x10; expected type: 0x12345678)'
	'refcount_t: underflow; use-after-free.'
	'list_del corruption. prev->next should be ffff888000000000, but was dead000000000122'
	'BUG ukl_thread (Tainted: G OE): Objects remaining in ukl_thread on __kmem_cache_shutdown()'
	'ODEBUG: free active (active state 0) object: 0000000012345678 object type: timer_list'
	'unregister_netdevice: waiting for lo to become free. Usage count = 2'
	'kv: page allocation failure: order:4, mode:0xcc0(GFP_KERNEL), nodemask=(null)'
	'insmod: vmalloc error: size 65536, page order 0, failed to allocate pages'
	'Out of memory: Killed process 123 (redis-server) total-vm:1kB'
	'BUG: Bad page state in process kv  pfn:12345'
	'BUG: Bad rss-counter state mm:0000000012345678 type:MM_ANONPAGES val:1'
	'irq 9: nobody cared (try booting with the "irqpoll" option)'
	'usercopy: Kernel memory exposure attempt detected from vmalloc (offset 0, size 32)!'
	'kv: Unknown symbol ukl_tcp_send (err -2)'
)
good=(
	'ukl: loading out-of-tree module taints kernel.'
	'ukl: module verification failed: signature and/or required key missing - tainting kernel'
	'Spectre V2 : Mitigation: Retpolines'
	'RAS: Correctable Errors collector initialized.'
	'rcu: RCU restricting CPUs from NR_CPUS=8192 to nr_cpu_ids=2.'
	'NMI watchdog: Perf NMI watchdog permanently disabled'
	'Running RCU-tasks wait API self tests'
	'x86/mm: Checked W+X mappings: passed, no W+X pages found.'
	'debug: kprobes are enabled'
	'ukl: ready'
)

echo 'TAP version 13'
echo "1..$((${#bad[@]} + 33))"

for line in "${bad[@]}"; do
	log 12288 "$line" >"$dir/log"
	expect 1 "complains of: ${line//#/}"
done

log 12288 "${good[@]}" >"$dir/log"
expect 0 'a clean log passes'
log 12800 "${good[@]}" >"$dir/log"
expect 1 'a taint without its line is a complaint'
log 12288 "${bad[0]}" "${good[@]}" >"$dir/log"
count=$((count + 1))
if "$scan" "$dir/log" | grep -q '^> .*rcu_note_context_switch'; then
	echo "ok $count the line is shown"
else
	echo "not ok $count the line is shown"
	failed=1
fi

stack=(
	'ODEBUG: object 0000000084f3cfdd is NOT on stack 00000000a5841cd6, but annotated.'
	'------------[ cut here ]------------'
	'WARNING: at __debug_object_init+0x2cb/0x3c0, CPU#1: stress.many/251'
	'Call Trace:'
	'---[ end trace 0000000000000000 ]---'
)
log 12800 "${good[@]}" "${stack[@]}" "${good[@]}" >"$dir/log"
expect 0 "debug objects that do not know an application's stack are no complaint"
log 12800 "${stack[0]}" "${stack[@]}" "${stack[@]:1}" "${good[@]}" >"$dir/log"
expect 0 "nor are two of them at once"
log 12800 "${stack[0]}" "${stack[@]}" "${stack[@]:1}" 'Call Trace:' >"$dir/log"
expect 1 'but what comes after both is'
log 12800 "${stack[@]:0:3}" 'BUG: KASAN: slab-use-after-free in ukl_exit+0x1/0x2' "${stack[@]:3}" >"$dir/log"
expect 1 'and what comes in between'
log 12800 "${stack[@]}" 'Call Trace:' >"$dir/log"
expect 1 'and what comes after them'
log 12800 "${stack[@]:0:3}" 'INFO: task kv:123 blocked for more than 120 seconds.' >"$dir/log"
expect 1 'and a report that cuts them short'
mapfile -t filler < <(yes 'ukl: ready' | head -n 60)
log 12800 "${stack[@]:0:3}" "${filler[@]}" 'rcu: rcu_preempt kthread starved for 1 jiffies!' >"$dir/log"
expect 1 'and what is far behind their beginning'
log 12800 "${stack[@]:0:3}" "${filler[@]}" "${stack[@]}" 'rcu: rcu_preempt kthread starved for 1 jiffies!' >"$dir/log"
expect 1 'and what comes after one, if another had no end'
log 12832 "${stack[@]}" >"$dir/log"
expect 1 'and another taint'

race=(
	'=================================================================='
	'BUG: KCSAN: data-race in tick_nohz_handler / tick_nohz_idle_got_tick'
	'write to 0xffff88817741b278 of 4 bytes by interrupt on cpu 0:'
	' tick_nohz_handler+0x1e5/0x2c0'
	'=================================================================='
)
log 12288 "${race[@]}" "${good[@]}" >"$dir/log"
expect 0 'a race of the kernel with itself is no complaint'
log 12288 "${race[@]}" 'BUG: KCSAN: data-race in ukl_exit [ukl] / schedule' "${race[@]:2}" >"$dir/log"
expect 1 'but one of a module is'
log 12288 "${race[@]:0:3}" 'BUG: KCSAN: data-race in schedule / ukl_exit [ukl]' "${race[@]:3}" >"$dir/log"
expect 1 'also in the middle of one'
log 12288 "${race[@]}" 'Call Trace:' >"$dir/log"
expect 1 'and what comes after it'
log 12288 "${race[0]}" 'BUG: KCSAN: data-race in 0x0 / 0x0' "${race[@]:2}" >"$dir/log"
expect 1 'and one on two application stacks'
log 12288 "${race[0]}" 'BUG: KCSAN: data-race in 0x0 / schedule' "${race[@]:2}" >"$dir/log"
expect 1 'and one on one of them'
log 12288 "${race[0]}" 'BUG: KCSAN: data-race in schedule / 0x0' "${race[@]:2}" >"$dir/log"
expect 1 'and on the other'
kernels=('write to 0xffffffffae519108 of 320 bytes by interrupt on cpu 1:' "${race[@]:3}")
log 12288 "${race[0]}" 'BUG: KCSAN: data-race in 0x0 / schedule' '' "${kernels[@]}" "${good[@]}" >"$dir/log"
expect 0 'unless it is about a variable of the kernel'
log 12288 "${race[0]}" 'BUG: KCSAN: data-race in 0x0 / schedule' >"$dir/log"
expect 1 'and one of which nothing more is known'
log 12288 'BUG: KCSAN: data-race in 0x0 / schedule' 'BUG: KCSAN: data-race in ukl_exit [ukl] / schedule' "${kernels[@]}" >"$dir/log"
expect 1 'and one of a module in the middle of it'
log 12288 "${race[0]}" 'BUG: KCSAN: data-race in 0x0 / 0x0' '' "${kernels[@]}" >"$dir/log"
expect 1 'and one on two stacks of whatever it is'
log 12288 "${race[@]}" "${race[@]}" >"$dir/log"
count=$((count + 1))
if [ "$("$scan" --judged <"$dir/log" | wc -l)" = "$(log 12288 | sed 3d | wc -l)" ]; then
	echo "ok $count nothing is left of two in a row"
else
	echo "not ok $count nothing is left of two in a row"
	"$scan" --judged <"$dir/log" | sed 's/^/# /'
	failed=1
fi
log 12800 "${race[@]}" >"$dir/log"
expect 1 'and a taint'

rm "$dir/log"
expect 2 'a missing log cannot be judged'
mkdir "$dir/log"
expect 2 'a folder cannot be judged'
rmdir "$dir/log"
: >"$dir/log"
expect 2 'an empty log cannot be judged'
log 12288 "${good[@]}" | head -n -1 >"$dir/log"
expect 2 'a log without end marker cannot be judged'
log 12288 "${good[@]}" | tail -n +2 >"$dir/log"
expect 2 'a log without beginning cannot be judged'
log '' >"$dir/log"
expect 2 'an end marker cut short cannot be judged'
{ log 12288; echo '[   11.000000] more'; } >"$dir/log"
expect 2 'a log that goes on after the end marker cannot be judged'

count=$((count + 1))
missing=$("$scan" --patterns | while read -r pattern; do printf '%s\n' "${bad[@]}" | grep -qE -- "$pattern" || echo "$pattern"; done)
if [ -z "$missing" ]; then
	echo "ok $count every pattern has a sample"
else
	echo "not ok $count every pattern has a sample"
	echo "# none for: $missing"
	failed=1
fi
exit $failed
