// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

char *__strchrnul(const char *s, int c)
{
	return find(s, c);
}

char *strchrnul(const char *s, int c) __attribute__((__weak__, __alias__("__strchrnul")));
