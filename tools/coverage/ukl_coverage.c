// SPDX-License-Identifier: GPL-2.0
/*
 * Collects what modules count that were compiled with LLVM's coverage instrumentation:
 * ukl_coverage in debugfs is a raw profile of them, for llvm-profdata. What a module has counted
 * is kept when it goes, its exit function's included, and added to when it comes again.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

/* Raw profiles of LLVM 19, as in its InstrProfData.inc; llvm-profdata refuses other versions. */
#define RAW_MAGIC 0xff6c70726f667281
#define RAW_VERSION 10
/* Bytes of what describes a function. */
#define RECORD 64
/* What a function has values of: the last of the kinds. */
#define LAST_VALUE_KIND 2

struct header {
	u64 magic;
	u64 version;
	u64 binary_ids;
	u64 records;
	u64 padding_before_counters;
	u64 counters;
	u64 padding_after_counters;
	u64 bitmap;
	u64 padding_after_bitmap;
	u64 names;
	/* From the first record to the first counter, as they are in memory. */
	u64 counters_delta;
	u64 bitmap_delta;
	u64 names_delta;
	u64 vtables;
	u64 vtable_names;
	u64 last_value_kind;
};

struct part {
	const void *start;
	size_t len;
};

/* A module that was seen. */
struct counted {
	struct list_head link;
	char name[MODULE_NAME_LEN];
	struct part data, names;
	size_t counters;
	u64 counters_delta;
	/* What it counted until it went last. */
	u64 *kept;
	/* What it counts; NULL while it is not there. */
	const u64 *live;
};

static LIST_HEAD(modules);
static DEFINE_MUTEX(lock);
static struct dentry *file;

/* For the notifier: the module is not freed meanwhile. */
static const void *find(struct module *module, const char *name)
{
	const struct mod_kallsyms *symbols = rcu_dereference_raw(module->kallsyms);
	unsigned int i;

	for (i = 0; i < symbols->num_symtab; i++)
		if (!strcmp(symbols->strtab + symbols->symtab[i].st_name, name))
			return (void *)symbols->symtab[i].st_value;
	return NULL;
}

static struct part find_part(struct module *module, const char *name)
{
	char end[40];
	struct part part = { .start = find(module, name) };

	snprintf(end, sizeof(end), "%s_end", name);
	if (part.start)
		part.len = find(module, end) - part.start;
	return part;
}

static struct counted *seen(const char *name)
{
	struct counted *counted;

	list_for_each_entry(counted, &modules, link)
		if (!strcmp(counted->name, name))
			return counted;
	return NULL;
}

/* Copies what stays the same. */
static struct counted *see(struct module *module, const struct part *counters)
{
	struct part data = find_part(module, "ukl_coverage_data");
	struct part names = find_part(module, "ukl_coverage_names");
	struct counted *counted = kzalloc(sizeof(*counted), GFP_KERNEL);

	if (!counted)
		return NULL;
	strscpy(counted->name, module->name);
	counted->counters = counters->len / sizeof(u64);
	counted->counters_delta = counters->start - data.start;
	counted->data.len = data.len;
	counted->data.start = kvmemdup(data.start, data.len, GFP_KERNEL);
	counted->names.len = names.len;
	counted->names.start = kvmemdup(names.start, names.len, GFP_KERNEL);
	counted->kept = kvcalloc(counted->counters, sizeof(u64), GFP_KERNEL);
	list_add_tail(&counted->link, &modules);
	if (counted->data.start && counted->names.start && counted->kept)
		return counted;
	counted->counters = 0;
	return NULL;
}

static void comes(struct module *module)
{
	struct part counters = find_part(module, "ukl_coverage_counters");
	struct counted *counted;

	if (!counters.len)
		return;
	counted = seen(module->name) ?: see(module, &counters);
	if (counted && counted->counters == counters.len / sizeof(u64))
		counted->live = counters.start;
	else
		pr_warn("what %s counts is not collected\n", module->name);
}

static void goes(struct module *module)
{
	struct counted *counted = seen(module->name);
	size_t i;

	if (!counted || !counted->live)
		return;
	for (i = 0; i < counted->counters; i++)
		counted->kept[i] += counted->live[i];
	counted->live = NULL;
}

static int notified(struct notifier_block *block, unsigned long state, void *module)
{
	mutex_lock(&lock);
	if (state == MODULE_STATE_COMING)
		comes(module);
	else if (state == MODULE_STATE_GOING)
		goes(module);
	mutex_unlock(&lock);
	return NOTIFY_OK;
}

static struct notifier_block block = { .notifier_call = notified };

static void *append(void *to, const void *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

static size_t profile_len(const struct counted *counted)
{
	return sizeof(struct header) + counted->data.len + counted->counters * sizeof(u64) +
	       ALIGN(counted->names.len, sizeof(u64));
}

static void *append_profile(void *to, const struct counted *counted)
{
	const struct header header = {
		.magic = RAW_MAGIC,
		.version = RAW_VERSION,
		.records = counted->data.len / RECORD,
		.counters = counted->counters,
		.names = counted->names.len,
		.counters_delta = counted->counters_delta,
		.last_value_kind = LAST_VALUE_KIND,
	};
	u64 *counters;
	size_t i;

	to = append(to, &header, sizeof(header));
	to = append(to, counted->data.start, counted->data.len);
	counters = to;
	to = append(to, counted->kept, counted->counters * sizeof(u64));
	for (i = 0; counted->live && i < counted->counters; i++)
		counters[i] += READ_ONCE(counted->live[i]);
	append(to, counted->names.start, counted->names.len);
	return to + ALIGN(counted->names.len, sizeof(u64));
}

struct profile {
	size_t len;
	u8 bytes[];
};

/* Everything at one time. */
static int profile_open(struct inode *inode, struct file *file)
{
	const struct counted *counted;
	struct profile *profile;
	size_t len = 0;
	void *end;

	guard(mutex)(&lock);
	list_for_each_entry(counted, &modules, link)
		if (counted->counters)
			len += profile_len(counted);
	profile = vzalloc(sizeof(*profile) + len);
	if (!profile)
		return -ENOMEM;
	profile->len = len;
	end = profile->bytes;
	list_for_each_entry(counted, &modules, link)
		if (counted->counters)
			end = append_profile(end, counted);
	file->private_data = profile;
	return 0;
}

static ssize_t profile_read(struct file *file, char __user *to, size_t len, loff_t *at)
{
	const struct profile *profile = file->private_data;

	return simple_read_from_buffer(to, len, at, profile->bytes, profile->len);
}

static int profile_release(struct inode *inode, struct file *file)
{
	vfree(file->private_data);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = profile_open,
	.read = profile_read,
	.release = profile_release,
};

static int __init coverage_init(void)
{
	int err = register_module_notifier(&block);

	if (!err)
		file = debugfs_create_file("ukl_coverage", 0400, NULL, NULL, &operations);
	return err;
}

static void __exit coverage_exit(void)
{
	struct counted *counted, *next;

	debugfs_remove(file);
	unregister_module_notifier(&block);
	list_for_each_entry_safe(counted, next, &modules, link) {
		kvfree(counted->data.start);
		kvfree(counted->names.start);
		kvfree(counted->kept);
		kfree(counted);
	}
}

module_init(coverage_init);
module_exit(coverage_exit);
MODULE_DESCRIPTION("Collects the counters of modules that were compiled with coverage instrumentation");
MODULE_LICENSE("GPL");
