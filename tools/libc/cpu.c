// SPDX-License-Identifier: GPL-2.0
/* What __builtin_cpu_supports() reads: a processor that has nothing, as there are no vector registers to use. */
struct {
	unsigned int vendor, type, subtype, features[1];
} __cpu_model;
unsigned int __cpu_features2[3];

int __cpu_indicator_init(void)
{
	return 0;
}
