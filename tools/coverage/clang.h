/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the configuration says of gcc: clang leaves %gs out of operands of assembly that are in a
 * named address space.
 */
#undef CONFIG_CC_HAS_NAMED_AS
#undef CONFIG_USE_X86_SEG_SUPPORT
