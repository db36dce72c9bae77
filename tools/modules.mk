# SPDX-License-Identifier: GPL-2.0
# Builds ukl.ko and ukl_linux.ko, what an application needs of them, the samples and the modules of the self-tests
# against the kernel tree KDIR. Modules come to build/modules.

out := $(CURDIR)/build
sdk := $(out)/sdk
MODULES_DIR ?= $(out)/modules
OBJ_DIR ?= $(out)/obj

# BTF of a module needs the vmlinux of its kernel, which no package has.
kbuild := $(MAKE) -C $(KDIR) $(shell tools/toolchain.sh $(KDIR)) --no-print-directory CONFIG_DEBUG_INFO_BTF_MODULES=

apps := $(patsubst %/Kbuild,%,$(wildcard samples/*/Kbuild selftests/modules/Kbuild selftests/modules/*/Kbuild tools/bench/*/Kbuild))

.PHONY: all ukl sdk example $(apps)
all: sdk example $(apps)

# Kbuild wants the folder it builds in to exist.
define module
	@mkdir -p $(OBJ_DIR)/$(1) $(MODULES_DIR)
	+@$(kbuild) M=$(CURDIR)/$(2) MO=$(OBJ_DIR)/$(1) $(3) modules
	@cp $(OBJ_DIR)/$(1)/*.ko $(MODULES_DIR)
endef

ukl:
	$(call module,ukl,.)

# What `make install` installs: everything to build an application outside this tree.
sdk: ukl
	@mkdir -p $(sdk)/rust/bindings
	@cp -rpu include rust/ukl.mk $(sdk)
	@cp -rpu rust/ukl rust/bindings $(sdk)/rust
	@cp -pu $(OBJ_DIR)/ukl/rust/bindings/ukl_generated.rs $(sdk)/rust/bindings
	@cp -pu $(OBJ_DIR)/ukl/Module.symvers $(sdk)

$(apps): sdk
	$(call module,$@,$@,UKL=$(sdk))

# The listing of the documentation in language $(1), in $(2) of the example; not touched if it is the same.
listing = cd $(OBJ_DIR)/example && awk '/^```$(1)$$/ { on = 1; next } /^```/ { on = 0 } on' \
	$(CURDIR)/Documentation/api.md >$(2).new && { cmp -s $(2).new $(2) || cp $(2).new $(2); }

# The examples of the documentation, as a user would take them from there.
example: sdk
	@mkdir -p $(OBJ_DIR)/example $(MODULES_DIR)
	@$(call listing,c,hello.c)
	@$(call listing,c event-loop,loop.c)
	@$(call listing,make,Kbuild)
	+@$(kbuild) M=$(OBJ_DIR)/example UKL=$(sdk) obj-m='hello.o loop.o' modules
	@cp $(OBJ_DIR)/example/*.ko $(MODULES_DIR)

# Where `make install` puts things: the module of the kernel that KDIR is for, the command, and the SDK.
DESTDIR ?=
PREFIX ?= /usr/local
SDK_DIR ?= $(PREFIX)/share/ukl
release := $(shell cat $(KDIR)/include/config/kernel.release)
updates := $(DESTDIR)/lib/modules/$(release)/updates

.PHONY: install
install:
	install -D -m 644 -t $(updates) $(MODULES_DIR)/ukl.ko $(MODULES_DIR)/ukl_linux.ko
	mkdir -p $(DESTDIR)$(SDK_DIR)
	cp -r $(sdk)/. $(DESTDIR)$(SDK_DIR)
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(out)/bin/ukl
	cp -r $(out)/share/. $(DESTDIR)$(PREFIX)/share
	[ -n "$(DESTDIR)" ] || depmod -a $(release)
