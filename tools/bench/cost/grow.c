// SPDX-License-Identifier: GPL-2.0
/*
 * grow COMMAND... - by how much the memory of the machine grows by what a command does
 *
 * The command says on standard output, by a line, that it has begun; reads a line; does what is to
 * be measured, and says so by another line, which is printed here. When its standard input ends, it
 * ends. Prints what memory_print_growth() does and, of the "pages", as lines "part NAME BYTES",
 * what /proc/meminfo knows; and by how much the command's address space grew (VmSize).
 */
#include <err.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "../memory.h"

#define PARTS	5

static const char *const parts[PARTS] = {
	"AnonPages", "KernelStack", "PageTables", "VmallocUsed", "VmSize",
};

static void read_parts(long *bytes, const char *path)
{
	char line[256], name[64];
	FILE *file = fopen(path, "re");
	long kilobytes;

	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file))
		for (size_t i = 0; i < PARTS; i++)
			if (sscanf(line, "%63[^:]: %ld kB", name, &kilobytes) == 2 &&
			    !strcmp(name, parts[i]))
				bytes[i] = kilobytes * 1024;
	fclose(file);
}

static void look(struct memory *memory, long *bytes, pid_t pid)
{
	char path[64];

	memory_look(memory);
	read_parts(bytes, "/proc/meminfo");
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_parts(bytes, path);
}

int main(int argc, char **argv)
{
	static struct memory before, after;
	long first[PARTS] = { 0 }, second[PARTS] = { 0 };
	int in[2], out[2], status;
	char line[256];
	FILE *said;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: grow COMMAND...");
	if (pipe(in) || pipe(out))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		close(out[0]);
		execvp(argv[1], argv + 1);
		err(127, "%s", argv[1]);
	}
	close(in[0]);
	close(out[1]);
	said = fdopen(out[0], "r");
	if (!fgets(line, sizeof(line), said))
		errx(1, "%s does not begin", argv[1]);
	look(&before, first, pid);
	if (write(in[1], "\n", 1) != 1 || !fgets(line, sizeof(line), said))
		errx(1, "%s ends too early", argv[1]);
	look(&after, second, pid);
	close(in[1]);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s failed", argv[1]);

	memory_print_growth(&before, &after);
	for (size_t i = 0; i < PARTS; i++)
		printf("part %s %ld\n", parts[i], second[i] - first[i]);
	printf("%s", line);
	return 0;
}
