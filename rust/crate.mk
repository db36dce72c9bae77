# SPDX-License-Identifier: GPL-2.0
# Commands for Kbuild files: bindgen with the kernel's own options, crates without code.

# From rust/Makefile of the kernel, which is not meant to be included: options of gcc that libclang
# does not know.
bindgen_skip_c_flags := -mno-fp-ret-in-387 -mpreferred-stack-boundary=% -mskip-rax-setup \
	-mgeneral-regs-only -mindirect-branch=% -mindirect-branch-register -mfunction-return=% \
	-mrecord-mcount -mindirect-branch-cs-prefix -mstack-protector-guard% -mdirect-extern-access \
	-fconserve-stack -falign-jumps=% -falign-loops=% -fno-ipa-cp-clone -fno-ipa-sra \
	-fno-partial-inlining -fno-reorder-blocks -fno-allow-store-data-races -fzero-call-used-regs=% \
	-fno-stack-clash-protection -fno-inline-functions-called-once -fsanitize=bounds-strict \
	-fstrict-flex-arrays=% -fmin-function-alignment=% -fzero-init-padding-bits=% \
	-fdiagnostics-show-context -fdiagnostics-show-context=% -fno-isolate-erroneous-paths-dereference \
	--param=% --param asan-% -fasan-shadow-offset=%

bindgen_c_flags = $(filter-out $(bindgen_skip_c_flags), $(c_flags)) -w \
	--target=x86_64-linux-gnu -fno-builtin -D__BINDGEN__ -DMODULE

quiet_cmd_ukl_bindgen = BINDGEN $@
      cmd_ukl_bindgen = \
	$(BINDGEN) $< $(bindgen_flags) --rust-target 1.85 --use-core --with-derive-default --ctypes-prefix ffi \
		--no-layout-tests --no-debug '.*' --enable-function-attribute-detection \
		--blocklist-type '__kernel_s?size_t' --no-doc-comments --no-recursive-allowlist \
		-o $@ -- $(bindgen_c_flags)

# A crate that has declarations and inline functions only: its metadata is all there is.
quiet_cmd_ukl_rmeta = RUSTC   $@
      cmd_ukl_rmeta = $(rust_common_cmd) --emit=metadata=$@ -Zalways-encode-mir $<
