#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# klog-scan.sh FILE: the verdict on a kernel log that tools/vm.sh wrote.
# Exit status: 0 clean; 1 the kernel complained, the lines are printed with what surrounds them;
# 2 the log cannot be judged: unreadable, or not whole from the first line of the boot to the end marker.
# klog-scan.sh --patterns: prints what counts as a complaint, one extended regular expression a line.
# klog-scan.sh --judged: copies a log, but for reports that are known to be none.
set -u

# tools/tests/klog-scan.t has a sample of each.
patterns() {
	cat <<'END'
WARNING:
BUG:
kernel BUG at
Oops:
Kernel panic
Call Trace:
general protection fault
double fault
invalid opcode:
divide error:
stack guard page was hit
kernel stack is corrupted
unable to handle (page fault|kernel)
possible (circular|recursive) locking
possible irq lock inversion
inconsistent lock state
suspicious RCU usage
bad unlock balance
lock held when returning to user space
Invalid wait context
trying to register non-static key
scheduling while atomic
sleeping function called from invalid context
KASAN:
KCSAN:
KFENCE:
UBSAN:
kmemleak: [0-9]+ new suspected
(self-)?detected (expedited )?stalls?
kthread starved for
rcu_tasks.* stall
blocked for more than [0-9]+ seconds
soft lockup
hard LOCKUP
workqueue lockup
hogged CPU for
Unpatched return thunk
objtool:
unwind stack type:|stack recursion on stack type|bad .* value at .*unwind
Missing ENDBR
CFI failure
refcount_t:
list_(add|del) corruption
slab .*corruption|Objects remaining
ODEBUG:
unregister_netdevice: waiting
page allocation failure
vmalloc error
Out of memory:|invoked oom-killer
[Bb]ad page (state|map)
Bad rss-counter
nobody cared
usercopy: Kernel memory
Unknown symbol|disagrees about version of symbol
END
}

# What a debug kernel reports that is none of ours. Another report in the middle of such a one is told by its headline.
# - Debug objects know the stack that the kernel gave a task, and no other, and a call that is made on the application's has
#   its timers there. Such a report ends after 60 lines if not before; two processors may begin theirs at the same time.
# - KCSAN finds races of the kernel with itself. Where the code of a module has a part, its name is in the headline, or "0x0",
#   if that code ran on an application's stack, which cannot be walked. What a bypassed call calls runs there as well: one
#   "0x0" is the kernel's if it is about a variable of the kernel's own image.
judged() {
	awk '
		held && /BUG:|Oops|panic|INFO: |WARNING: / { print held; held = "" }
		/BUG:|Oops|panic|INFO: |WARNING: / && !/WARNING: at __debug_object_init\+|ODEBUG: object .* NOT on stack/ { known = open = 0 }
		/ODEBUG: object [0-9a-f]+ is NOT on stack [0-9a-f]+, but annotated/ { known = 60; open++ }
		/BUG: KCSAN: data-race in [^[]*$/ && !/ 0x0( |$)/ { known = 100; race = 1 }
		/BUG: KCSAN: data-race in [^[]*$/ && / 0x0( |$)/ && !/ 0x0 \/ 0x0$/ { held = $0; next }
		held && !/ to 0x[0-9a-f]+ of / { held = held "\n" $0; next }
		held && / to 0xffffffff[89ab]/ { held = ""; known = 100; race = 1 }
		held { print held; held = "" }
		/====================$/ && !race { next }
		known-- <= 0 { print; known = open = race = 0 }
		/---\[ end trace/ { known = open && --open ? 60 : 0 }
		race && /====================$/ { known = race = 0 }
		END { if (held) print held }
	'
}

case ${1:-} in
--patterns) patterns && exit ;;
--judged) judged && exit ;;
esac
log=${1:?usage: tools/klog-scan.sh FILE}

cannot() {
	echo "klog-scan: $log $*" >&2
	exit 2
}

if [ ! -f "$log" ] || [ ! -r "$log" ]; then cannot "cannot be read"; fi
[ -s "$log" ] || cannot "is empty"
grep -aq '] Linux version ' "$log" || cannot "has lost its beginning"
last=$(tail -n 1 "$log")
taint=${last##*] ukl: end of log, taint }
case $taint in *[!0-9]* | '') cannot "has no end marker: it is cut short" ;; esac

# A complaint that prints only once leaves its taint: machine check, bad page, died, warned, lockup.
mask=$((16 | 32 | 128 | 512 | 16384))
whole=$log log=$(mktemp)
trap 'rm -f "$log"' EXIT
judged <"$whole" >"$log"
if grep -q 'ODEBUG: object .* NOT on stack' "$whole" && ! grep -q 'ODEBUG: object .* NOT on stack' "$log"; then
	mask=$((mask & ~512))
fi
[ $((taint & mask)) = 0 ] || tainted=" and the kernel is tainted ($taint)"

found=$(grep -anE "$(patterns)" "$log" | cut -d: -f1)
[ -n "$found" ] || [ -n "${tainted:-}" ] || exit 0

echo "klog-scan: $whole: the kernel complained in $(printf '%s' "$found" | grep -c .) lines${tainted:-}"
awk -v lines="$found" '
	BEGIN {
		n = split(lines, at, "\n")
		for (i = 1; i <= n; i++) {
			hit[at[i]] = 1
			for (line = at[i] - 3; line <= at[i] + 12; line++) near[line] = 1
		}
	}
	!(FNR in near) { next }
	++shown > 150 { print "  ..."; exit }
	last && FNR != last + 1 { print "  --" }
	{ print (FNR in hit ? "> " : "  ") $0; last = FNR }
' "$log"
exit 1
