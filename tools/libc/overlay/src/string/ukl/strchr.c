// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "words.h"

char *strchr(const char *s, int c)
{
	char *found = find(s, c);

	return *found == (char)c ? found : NULL;
}
