# SPDX-License-Identifier: GPL-2.0
# ktap.awk: counts the results of a KTAP stream, subtests indented by two spaces a level.
#
# Prints a line "FAIL NAME" for each failure, then "PASSED FAILED SKIPPED". A test with subtests
# counts through them; it counts itself only if it failed and none of them did (a timeout, say).
# Anything missing is a failure: a plan, results that were planned, the result of a test whose
# subtests are there.

function fail(name) {
	failed++
	print "FAIL " name
}

function path(depth, name,    at, text) {
	for (at = 1; at <= depth; at++)
		if (at in subtest)
			text = text subtest[at] ": "
	return text name
}

# The end of a list of results at depth.
function finish(depth,    name) {
	name = path(depth, "")
	sub(/: $/, "", name)
	if (name == "")
		name = "all"
	if (!(depth in plan))
		fail(name ": no plan")
	else if (plan[depth] != count[depth])
		fail(name ": " plan[depth] " planned, " count[depth] + 0 " run")
}

function forget(depth,    at) {
	for (at = depth; at <= deepest; at++) {
		delete plan[at]
		delete count[at]
		delete before[at]
		delete subtest[at]
	}
}

{
	match($0, /^ */)
	depth = int(RLENGTH / 2)
	line = substr($0, RLENGTH + 1)
	sub(/\r$/, "", line)
	if (depth > deepest)
		deepest = depth
	# How many had failed when a list of results began.
	for (at = depth; at >= 0 && !(at in before); at--)
		before[at] = failed + 0
}

line ~ /^# Subtest: / {
	forget(depth)
	subtest[depth] = substr(line, 12)
	before[depth] = failed + 0
	next
}

line ~ /^1\.\.[0-9]+/ {
	match(line, /[0-9]+( |$)/)
	plan[depth] = substr(line, RSTART, RLENGTH) + 0
	next
}

line ~ /^Bail out!/ {
	fail(path(depth, line))
	next
}

line ~ /^(not )?ok [0-9]+/ {
	ok = line ~ /^ok/
	name = line
	sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
	skip = name ~ /# *SKIP/
	parent = count[depth + 1] > 0
	earlier = parent ? before[depth + 1] : failed
	if (parent)
		finish(depth + 1)
	forget(depth + 1)
	count[depth]++
	if (skip && ok) {
		if (!parent)
			skipped++
	} else if (!ok) {
		if (!parent || failed == earlier)
			fail(path(depth, name))
	} else if (!parent) {
		passed++
	}
	next
}

END {
	for (at = deepest; at > 0; at--)
		if (count[at])
			fail(path(at, "") "ended in the middle")
	finish(0)
	print passed + 0, failed + 0, skipped + 0
}
