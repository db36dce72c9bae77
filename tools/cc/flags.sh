# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# What C for ring 0 is compiled with. Sourced by tools/libc/build.sh and ukl-cc.

# The target for its long double, which is IEEE's: the only one that needs no x87 registers. The rest of what makes an
# Android of it is taken back.
target='--target=x86_64-linux-android -fno-emulated-tls -U__ANDROID__ -D__gnu_linux__=1'

# Code of the kernel: no floating-point and vector registers, no red zone, addresses in the upper 2 GB. Without SSE the
# compiler would compute in long double, as the x87 does, unless it is told; that it is told it warns of (pragmas).
ring0='-fno-pic -mcmodel=kernel -mno-red-zone -mno-mmx -mno-sse -mno-80387 -msoft-float
	-ffp-eval-method=source -Wno-pragmas -ftls-model=local-exec'

# What the kernel is compiled with against speculation and what objtool checks.
mitigations='-mretpoline-external-thunk -mindirect-branch-cs-prefix -mfunction-return=thunk-extern -mharden-sls=all
	-fcf-protection=branch -fno-jump-tables -fpatchable-function-entry=16,16'

plain='-mllvm -trap-unreachable -mllvm -no-trap-after-noreturn -fno-stack-protector -fno-stack-clash-protection -fno-asynchronous-unwind-tables -fno-unwind-tables
	-fno-addrsig'

# shellcheck disable=SC2086
flags=$(printf '%s ' $target $ring0 $mitigations $plain)

# What a program may choose to have otherwise.
defaults=-fomit-frame-pointer

# The same for Rust, where the target says the rest; but for jump tables, the word for which has changed.
rust_flags='-Cpanic=abort -Cforce-unwind-tables=n -Crelocation-model=static -Ccode-model=kernel -Cno-redzone=y
	-Ctarget-feature=-sse,-sse2,-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2 -Zcf-protection=branch
	-Zfunction-return=thunk-extern -Zpatchable-function-entry=16,16'
