# SPDX-License-Identifier: GPL-2.0
# For the Kbuild file of an application: finds ukl.h and the symbols of ukl.ko. An application in Rust
# links the `ukl` crate as well:
#
#	include $(UKL)/ukl.mk
#	obj-m := hello.o
#	hello-y := hello_main.o $(ukl-crate)
#	$(obj)/hello_main.o: $(obj)/$(ukl-crate)
#
# UKL is the folder this file is in.

ccflags-y += -I$(UKL)/include
KBUILD_EXTRA_SYMBOLS += $(UKL)/Module.symvers

ukl-crate := ukl_crate.o
rustflags-y += -L $(obj) --extern ukl --extern ukl_bindings

$(obj)/libukl_bindings.rmeta: $(UKL)/rust/bindings/lib.rs FORCE
	$(call if_changed_dep,ukl_bindings)
$(obj)/libukl_bindings.rmeta: export UKL_OBJ := $(UKL)
quiet_cmd_ukl_bindings = RUSTC   $@
      cmd_ukl_bindings = $(rust_common_cmd) --emit=metadata=$@ -Zalways-encode-mir $<

RUSTFLAGS_ukl_crate.o := --emit=metadata=$(obj)/libukl.rmeta
$(obj)/$(ukl-crate): $(UKL)/rust/ukl/lib.rs $(obj)/libukl_bindings.rmeta FORCE
	+$(call if_changed_rule,rustc_o_rs)

targets += libukl_bindings.rmeta
