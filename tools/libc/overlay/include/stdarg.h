/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Floating point goes where integers go when there are no SSE registers, but the compiler's va_arg() does not know
 * that: here it takes a double or a long double as the words it is. What it cannot take is a struct that has floating
 * point in it.
 */
#ifndef _STDARG_H
#define _STDARG_H

#ifdef __cplusplus
extern "C" {
#endif

#define __NEED_va_list

#include <bits/alltypes.h>

#define va_start(v, l) __builtin_va_start(v, l)
#define va_end(v) __builtin_va_end(v)
#define va_copy(d, s) __builtin_va_copy(d, s)

/* The compiler's va_list. */
struct __va_place {
	unsigned __gp, __fp;
	char *__memory, *__registers;
} __attribute__((__may_alias__));

typedef double __va_double_t __attribute__((__may_alias__));

#define __va_inline static __inline __attribute__((__always_inline__, __unused__))

__va_inline double __va_double(void *__list)
{
	struct __va_place *__v = (struct __va_place *)__list;
	char *__at;

	if (__v->__gp <= 40) {
		__at = __v->__registers + __v->__gp;
		__v->__gp += 8;
	} else {
		__at = __v->__memory;
		__v->__memory += 8;
	}
	return *(__va_double_t *)__at;
}

/* It is not split: where one register is left, that stays unused. In memory it is aligned. */
__va_inline long double __va_long_double(void *__list)
{
	struct __va_place *__v = (struct __va_place *)__list;
	union {
		unsigned long __words[2];
		long double __value;
	} __it;
	const unsigned long __attribute__((__may_alias__)) *__at;

	if (__v->__gp <= 32) {
		__at = (unsigned long *)(__v->__registers + __v->__gp);
		__v->__gp += 16;
	} else {
		__v->__gp = 48;
		__at = (unsigned long *)(((unsigned long)__v->__memory + 15) & -16UL);
		__v->__memory = (char *)(__at + 2);
	}
	__it.__words[0] = __at[0];
	__it.__words[1] = __at[1];
	return __it.__value;
}

#ifdef __cplusplus
}

extern "C++" {
template <class __type> struct __va_taker {
	static __type __take(__builtin_va_list __v) { return __builtin_va_arg(__v, __type); }
};
template <> struct __va_taker<double> {
	static double __take(__builtin_va_list __v) { return __va_double(__v); }
};
template <> struct __va_taker<long double> {
	static long double __take(__builtin_va_list __v) { return __va_long_double(__v); }
};
}
#define va_arg(v, l) __va_taker<l>::__take(v)
#else
#define va_arg(v, l) __builtin_choose_expr(__builtin_types_compatible_p(l, double), __va_double(v), \
	__builtin_choose_expr(__builtin_types_compatible_p(l, long double), __va_long_double(v), __builtin_va_arg(v, l)))
#endif

#endif
