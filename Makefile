# SPDX-License-Identifier: GPL-2.0
# What a person types. `make help` explains it.

KERNEL_SUITE ?= trixie-backports
LOAD ?= 1
export KERNEL_SUITE LOAD
export NIGHTLY BOOTS UKL_CACHE CPUS MEMORY CMD ICOUNT NET KERNEL TIMEOUT APPEND NAME QUICK PROFILE STRICT SERVERS UKL_BYPASS UNITS SLOW LIMIT PARTS FUZZ_SEED FUZZ_SECONDS V

ifeq ($(V),1)
Q :=
else
Q := @
MAKEFLAGS += --no-print-directory
endif

# The parts of the suite of measurements; some need no C programs.
bench_parts := $(shell awk '/^[a-z]/ { print $$1 }' tools/bench/parts)
bench_without_programs := control transition echo

.PHONY: all modules command ukl-load programs root demo check check-debug check-fuzz check-fuzz-resp check-load check-redis coverage \
	bench $(bench_parts:%=bench-%) bench-compare shell vm install clean distclean help
all: modules command

# What was built for another kernel goes: kbuild would take its objects for good.
for_kernel = [ "$$(cat build/kernel 2>/dev/null)" = "$(1)" ] || \
	{ rm -rf build/modules build/obj build/sdk && mkdir -p build && echo "$(1)" >build/kernel; }

ifeq ($(origin KDIR),undefined)
modules: root
	$(Q)$(call for_kernel,$$(readlink build/root))
	$(Q)MAKEFLAGS= tools/enter.sh make -j"$$(nproc)" --no-print-directory -f tools/modules.mk KDIR=/usr/src/linux
root:
	$(Q)tools/root.sh

# The command `ukl`, with its manual pages and completions.
command: root
	$(Q)mkdir -p build/bin
	$(Q)tools/cargo.sh build --quiet --release --locked
	$(Q)cmp -s build/obj/cargo/release/ukl build/bin/ukl || cp build/obj/cargo/release/ukl build/bin/ukl
	$(Q)[ build/share -nt build/bin/ukl ] || { tools/enter.sh build/bin/ukl generate build/share && touch build/share; }

# A load generator.
ukl-load: root
	$(Q)mkdir -p build/bin
	$(Q)tools/cargo.sh -w tools/load build --quiet --release --locked
	$(Q)cmp -s build/obj/cargo/release/ukl-load build/bin/ukl-load || cp build/obj/cargo/release/ukl-load build/bin/ukl-load
else
modules:
	$(Q)tools/kdir-check.sh '$(KDIR)'
	$(Q)$(call for_kernel,$(KDIR))
	$(Q)$(MAKE) -f tools/modules.mk KDIR='$(KDIR)'
command:
	$(Q)mkdir -p build/bin
	$(Q)tools/lock.sh tools/ukl
	$(Q)cargo build --release --locked --manifest-path tools/ukl/Cargo.toml --target-dir build/obj/cargo
	$(Q)cp build/obj/cargo/release/ukl build/bin/ukl && build/bin/ukl generate build/share
root:
	$(Q)echo 'make: KDIR is for building only; leave it out to use the virtual machine' >&2; exit 1
endif

# Programs in C: the C library, the samples, and those of the self-tests.
programs: modules command
	$(Q)tools/programs.sh

demo check: modules command programs root
	$(Q)tools/$@.sh

# The self-tests on debug kernels.
check-debug: modules command programs root
	$(Q)tools/debug/check.sh

# /dev/ukl with random arguments, from many threads, for longer than make check does.
check-fuzz: FUZZ_SECONDS ?= 1800
check-fuzz: modules command root
	$(Q)tools/enter.sh make -s -C selftests CC="$$(sed -n 's/^cc=//p' build/versions)"
	$(Q)NAME=fuzz LOAD=0 TIMEOUT=$$(($(FUZZ_SECONDS) + 600)) tools/vm.sh FUZZ_SECONDS=$(FUZZ_SECONDS) bash selftests/run.sh fuzz

# The request parser of kv in user space, for longer than make check does: each of three targets, in seconds.
check-fuzz-resp: FUZZ_SECONDS ?= 600
check-fuzz-resp: root
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz.sh

# What of the modules the self-tests reach.
coverage: modules command programs root
	$(Q)tools/coverage.sh $(TESTS)

# Redis's own test suite: the results of ring 0 beside those of user space.
check-redis: modules command programs root
	$(Q)tools/redis-suite.sh

bench: modules command programs root
	$(Q)tools/bench/suite.sh
$(bench_parts:%=bench-%): modules command root
	$(Q)$$(awk -v part=$(@:bench-%=%) '$$1 == part { $$1 = $$2 = $$3 = ""; print }' tools/bench/parts)
bench bench-control bench-network bench-wall bench-latency: ukl-load
$(filter-out $(bench_without_programs:%=bench-%),$(bench_parts:%=bench-%)): programs

# The load generator beside the tools that everybody measures with, and its rates, on an idle machine.
check-load: ukl-load
	$(Q)tools/cargo.sh -w tools/load test --quiet --locked -- --include-ignored
	$(Q)tools/load/compare.sh

# What two runs of the suite say differently.
bench-compare: root
	$(Q)[ -n '$(OLD)' ] || { echo "make: say what to compare: make bench-compare OLD=old.json NEW=new.json" >&2; exit 2; }
	$(Q)tools/enter.sh python3 tools/bench/compare.py /dev/fd/3 /dev/fd/4 3<'$(OLD)' 4<'$(or $(NEW),build/results/bench.json)'

vm: $(if $(filter 1,$(LOAD)),modules command) root
	$(Q)[ -n "$$CMD" ] || { echo "make: say what to run: make vm CMD='uname -a'" >&2; exit 2; }
	$(Q)tools/vm.sh

shell: $(if $(filter 1,$(LOAD)),modules command) root
	$(Q)CMD= tools/vm.sh

install: modules command
	$(Q)$(MAKE) -f tools/modules.mk KDIR='$(or $(KDIR),build/root/usr/src/linux)' install

clean:
	$(Q)rm -rf build/modules build/obj build/sdk build/vm

distclean:
	$(Q)tools/root.sh --remove

help:
	@echo 'ukl: run applications in ring 0 of the stock Debian kernel, by loading a module'
	@echo
	@echo '  make            build ukl.ko and the samples into build/modules, the command ukl into build/bin'
	@echo '  make programs   build C programs for ring 0: Redis, memcached, and the C library they need'
	@echo '  make ukl-load   build the load generator into build/bin'
	@echo '  make demo       boot the stock kernel in a virtual machine, serve redis-benchmark from ring 0'
	@echo '  make check      build and run every test'
	@echo '  make check-debug run the self-tests on a kernel with KASAN, lockdep and fault injection, which it builds first; NIGHTLY=1: all of'
	@echo '                  them, for hours, and on one with KCSAN, too'
	@echo '  make check-fuzz fuzz /dev/ukl for half an hour; FUZZ_SECONDS=600 for as long'
	@echo '  make check-fuzz-resp  fuzz the request parser of kv in user space, 10 minutes each of three ways; FUZZ_SECONDS=, FUZZ_SEED='
	@echo '  make coverage   what of ukl.ko and ukl_linux.ko the self-tests reach: build/results/coverage.txt; TESTS="tcp sock": these'
	@echo '  make check-load test the load generator on an idle machine: its rates, and beside redis-benchmark and memcaslap'
	@echo "  make check-redis run Redis's own test suite against Redis in ring 0 and in user space"
	@echo '  make bench      all measurements there are, with a report: build/results/report.md; they are:'
	@echo '  make bench-transition  count the instructions of calls and system calls'
	@echo '  make bench-echo        count the instructions of echo servers and of kv, per request'
	@echo '  make bench-redis       count those of Redis, per request: in user space, in ring 0; bench-memcached: of memcached'
	@echo '  make bench-wall        measure wall time: Redis, memcached, echo; bench-network: clients outside; bench-latency: at a rate;'
	@echo '                         bench-control: whether what is measured is what there is'
	@echo '  make bench-split       where the instructions of a request to Redis and to memcached go, layer by layer'
	@echo '  make bench-cost        what threads and idle connections take in memory, a start, and a request by the number of connections'
	@echo '  make bench-compare OLD=bench.json NEW=bench.json  what two runs of make bench say differently, beyond noise'
	@echo '  make shell      a shell in the virtual machine, with ukl.ko loaded; leave it with exit'
	@echo "  make vm CMD='…' run one command there; make fails if it does (tools/vm.sh: with its exit status)"
	@echo '  make install    install ukl.ko for the kernel it was built for, the command ukl, and what applications build against'
	@echo '  make clean      remove what was built; distclean: also the build root, here and in the cache'
	@echo
	@echo 'The first build makes a Debian tree with compiler, kernel and QEMU (4 minutes, 5 GB) and keeps it in the cache.'
	@echo
	@echo 'Variables:'
	@echo '  KDIR=/lib/modules/…/build   build for that kernel on this machine, without the Debian tree'
	@echo '  KERNEL_SUITE=sid            the Debian suite the kernel comes from ($(KERNEL_SUITE))'
	@echo '  UKL_CACHE=DIR               where downloads and Debian trees are kept (~/.cache/ukl)'
	@echo '  CPUS=2 MEMORY=2G            size of the virtual machine (demo: 1 CPU)'
	@echo '  NET=user                    the virtual machine reaches the network (none); NET=outside: clients outside reach it'
	@echo '  KERNEL=kasan                the virtual machine boots a debug kernel that tools/debug/kernel.sh has built; or kcsan'
	@echo '  LOAD=0                      do not build and load ukl.ko'
	@echo '  ICOUNT=1                    count instructions instead of time: 1 CPU, deterministic'
	@echo '  QUICK=1                     bench, bench-NAME, check-redis: in less time; bench then leaves some parts out'
	@echo '  PARTS="redis echo"          bench: only these of $(bench_parts)'
	@echo '  PROFILE=echo                bench-echo: where the instructions go; PROFILE=get: those of redis-server and kv'
	@echo '                              bench-redis PROFILE=get, set, get_1k, set_1k, bench-memcached PROFILE=mix: where theirs go'
	@echo '  SERVERS="debian ukl"        bench-redis, bench-memcached: only these of debian, debian_batch, same_objects, ukl, ukl_bypass and ukl_other'
	@echo '  UNITS="unit/geo …"          check-redis: only these files of the suite; SLOW=1: also what is slow; SERVERS, as above'
	@echo '  STRICT=1                    bench-redis, bench-memcached: fail if a target is missed; bench-compare: if something is worse'
	@echo '  TIMEOUT=600                 seconds after which CMD is given up'
	@echo '  V=1                         show the commands'
