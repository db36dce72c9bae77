#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# check.sh OBJECT...: fails if there is an instruction in it that ring 0 must not have: one that enters the kernel, or
# uses floating-point or vector registers, which the kernel does not keep.
set -eu

status=0
for object; do
	bad=$(llvm-objdump -d --no-show-raw-insn "$object" | awk '
		/^[0-9a-f]+ <.*>:$/ { name = $2; next }
		!/^ *[0-9a-f]+:/ { next }
		$2 ~ /^(wait|syscall|sysenter|sysret[lq]?|sysexit[lq]?|int|iret[lq]?|hlt|swapgs|emms|xsave.*|xrstor.*|xgetbv)$/ ||
		$2 ~ /^v?(ld|st)mxcsr$/ || $2 ~ /^f[a-z0-9]+$/ || /%([xyzt]?mm[0-9]|st\(|k[0-7])/ { print name, $0 }')
	[ -z "$bad" ] || {
		echo "$object: not for ring 0:" >&2
		echo "$bad" | head -n 20 >&2
		status=1
	}
done
exit $status
