// SPDX-License-Identifier: GPL-2.0
/* float: floating point without a floating-point unit, as a program that ring 0 and user space run; KTAP */
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result.h"

static uint64_t bits(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u;
}

/* For the compiler not to compute it. */
static double v(double d)
{
	__asm__ volatile("" : "+m"(d));
	return d;
}

static long double lv(long double d)
{
	__asm__ volatile("" : "+m"(d));
	return d;
}

static void arithmetic(void)
{
	ok(bits(v(0.1) + v(0.2)) == 0x3fd3333333333334, "double: add");
	ok(bits(v(1) / v(3)) == 0x3fd5555555555555, "double: divide");
	ok(bits(v(1e308) * v(10)) == 0x7ff0000000000000, "double: overflow");
	ok(bits(v(5e-324) / v(2)) == 0, "double: underflow, to even");
	ok(bits(v(2.5e-308) / v(4)) == 0x00047e860b103183, "double: subnormal");
	ok(isnan(v(0) / v(0)) && !(v(NAN) == v(NAN)) && !(v(NAN) < 1) && v(NAN) != 1, "double: not a number");
	ok((int64_t)v(-1.9) == -1 && (uint64_t)v(1.8446744073709550e19) == 18446744073709549568ull &&
	   (double)(int64_t)v(INT64_MIN) == -0x1p63 && (double)UINT64_MAX == 0x1p64, "double: integers");
	ok((double)(float)v(16777217) == 16777216 && (double)(float)v(16777219) == 16777220, "float: round to even");
	ok(LDBL_MANT_DIG == 113 && lv(1) + LDBL_EPSILON != lv(1) && lv(1) + LDBL_EPSILON / 4 == lv(1),
	   "long double: 113 bits");
	ok(lv(1) / lv(3) * lv(3) == lv(1) && lv(LDBL_MAX) * 2 == INFINITY && (int64_t)lv(-7.5L) == -7, "long double");
	ok((uint64_t)lv(18446744073709551615.0L) == UINT64_MAX, "long double: holds 64 bits");
}

static void __attribute__((__noinline__)) take(int count, ...)
{
	va_list list, copy;
	int good = 1;

	va_start(list, count);
	for (int i = 0; i < count; i++) {
		good &= va_arg(list, int) == i;
		good &= va_arg(list, double) == i + 0.5;
		if (i == 3)
			va_copy(copy, list);
		good &= va_arg(list, long double) == i + 0.25L;
		good &= va_arg(list, long) == -i;
		good &= !strcmp(va_arg(list, const char *), "s");
	}
	va_end(list);
	ok(good, "variadic arguments");
	ok(va_arg(copy, long double) == 3.25L, "variadic arguments, copied");
	va_end(copy);
}

static void __attribute__((__noinline__)) wide(int a, int b, int c, int d, int e, ...)
{
	va_list list;
	long double x;
	double y;
	long z;

	va_start(list, e);
	x = va_arg(list, long double);
	y = va_arg(list, double);
	z = va_arg(list, long);
	ok(x == 1.5L && y == 2.5 && z == 3 && va_arg(list, long double) == 4.5L, "variadic arguments where one register is left");
	va_end(list);
}

/* print FORMAT ...: what comes of it must be WANT. */
#define print(want, ...) do {					\
	char text[100];						\
	snprintf(text, sizeof(text), __VA_ARGS__);		\
	if (strcmp(text, want))					\
		printf("# %s\n", text);				\
	ok(!strcmp(text, want), "printf: " want);		\
} while (0)

static void printing(void)
{
	char text[400];

	print("0.10000000000000001", "%.17g", 0.1);
	print("3.141593 -0 1e+100", "%f %g %g", M_PI, -0.0, 1e100);
	print("0x1.999999999999ap-4", "%a", 0.1);
	print("1 2.5 three 4.25 5 6.125", "%d %g %s %Lg %ld %g", 1, 2.5, "three", 4.25L, 5L, 6.125);
	print("inf -inf nan", "%g %g %g", INFINITY, -INFINITY, fabs(NAN));
	print("0.1000000000000000000000000000000000048", "%.37Lf", 0.1L);
	snprintf(text, sizeof(text), "%.0f", DBL_MAX);
	ok(!strcmp(text,
		   "17976931348623157081452742373170435679807056752584499659891747680315726078002853876058955863276687817154"
		   "04589535143824642343213268894641827684675467035375169860499105765512820762454900903893289440758685084551"
		   "33942304583236903222948165808559332123348274797826204144723168738177180919299881250404026184124858368"),
	   "printf: the largest double");
}

static void scanning(void)
{
	static const char *const texts[] = {
		"0.1", "1e23", "8.5e22", "2.2250738585072011e-308", "5e-324", "1.7976931348623157e308", "123456789012345678",
		"9007199254740993", "0x1.8p1", "-0", "2.4703282292062327e-324", "6.02214076e23", "1.15e-18",
	};
	static const uint64_t wants[] = {
		0x3fb999999999999a, 0x44b52d02c7e14af6, 0x44b1ffdbf6b2b2eb, 0x000fffffffffffff, 1, 0x7fefffffffffffff,
		0x437b69b4ba630f35, 0x4340000000000000, 0x4008000000000000, 0x8000000000000000, 0, 0x44dfe185ca57c517,
		0x3c3536b8b14b676c,
	};
	uint64_t random = 88172645463325252;
	char text[64];
	int good = 1, n = 0;
	long double ld;
	double d;

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (bits(strtod(texts[i], NULL)) != wants[i]) {
			printf("# %s is %#llx\n", texts[i], (unsigned long long)bits(strtod(texts[i], NULL)));
			good = 0;
		}
	}
	ok(good, "strtod()");

	for (good = 1; n < 2000; n++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(&d, &random, sizeof(d));
		if (isnan(d))
			continue;
		snprintf(text, sizeof(text), "%.17g", d);
		good &= bits(strtod(text, NULL)) == bits(d);
	}
	ok(good, "strtod() of what printf() printed");

	ld = 1 / lv(7);
	snprintf(text, sizeof(text), "%.36Lg", ld);
	ok(strtold(text, NULL) == ld, "strtold() of what printf() printed");
	ok(sscanf("1.5 2.5 x", "%lf %Lf", &d, &ld) == 2 && d == 1.5 && ld == 2.5L, "scanf()");
}

static int near(double a, double b)
{
	int64_t distance = bits(a) - bits(b);

	return distance >= -1 && distance <= 1;
}

static void functions(void)
{
	ok(bits(sqrt(v(2))) == 0x3ff6a09e667f3bcd && sqrtl(lv(2)) * sqrtl(lv(2)) > 1.9999999999999999999999999999L, "sqrt()");
	ok(near(exp(v(1)), M_E) && near(log(v(10)), M_LN10) && near(pow(v(2), v(0.5)), M_SQRT2), "exp() log() pow()");
	ok(near(sin(v(1)), 0x1.aed548f090ceep-1) && near(cos(v(1)), 0x1.14a280fb5068cp-1) &&
	   near(atan2(v(1), v(1)), M_PI_4), "sin() cos() atan2()");
	ok(floor(v(-1.5)) == -2 && ceil(v(-1.5)) == -1 && round(v(2.5)) == 3 && rint(v(2.5)) == 2 && trunc(v(-1.5)) == -1 &&
	   fmod(v(10), v(3)) == 1 && floorl(lv(1e30L)) == 1e30L, "rounding");
	ok(fma(v(0x1.0000000000001p0), v(0x1.0000000000001p0), v(-0x1.0000000000002p0)) == 0x1p-104, "fma()");
	ok(lrint(v(-2.5)) == -2 && llround(v(2.5)) == 3 && ldexp(v(1), -1074) == 5e-324, "lrint() llround() ldexp()");
	ok(near(hypot(v(3), v(4)), 5) && near(cbrt(v(27)), 3) && near(log2(v(8)), 3) && near(log10(v(1000)), 3), "others");
}

int main(void)
{
	printf("TAP version 13\n");
	arithmetic();
	take(5, 0, 0.5, 0.25L, 0L, "s", 1, 1.5, 1.25L, -1L, "s", 2, 2.5, 2.25L, -2L, "s", 3, 3.5, 3.25L, -3L, "s", 4, 4.5, 4.25L,
	     -4L, "s");
	wide(1, 2, 3, 4, 5, 1.5L, 2.5, 3L, 4.5L);
	printing();
	scanning();
	functions();
	return results();
}
