# SPDX-License-Identifier: GPL-2.0
"""report.py JSON FOLDER: turns the figures of a run of the suite into report.md and plots."""

import json
import os
import shutil
import sys

from charts import charts, number, unique
from plots import Plots
from systems import colours, words

CLOCKS = {"instructions": "instructions, counted in a deterministic machine", "wall": "wall time"}


def accelerators(figures):
    """The accelerators that figures are from."""
    return ", ".join(unique(one.get("accelerator", "unknown accelerator") for one in figures))


def foot(run, chart):
    """The conditions of a chart in one line."""
    networks = ", ".join(unique(one["network"] for one in chart.figures))
    cpus = unique(str(run["parts"][one["part"]].get("cpus", "?")) for one in chart.figures)
    noun = "CPU" if cpus == ["1"] else "CPUs"
    several = not chart.stack and any(len(one["samples"]) > 1 for one in chart.figures)
    return (
        f"Kernel {run['kernel']}, {', '.join(cpus)} {noun}. Clock: {CLOCKS[chart.clock]} "
        f"({accelerators(chart.figures)}). Network: {networks}."
        + (" Whiskers: 95 % interval of the median." if several else "")
        + (f" 100 % is: {'; '.join(chart.bases)}." if chart.bases else "")
    )


def percent(ratio):
    """A ratio in percent."""
    return f"{100 * ratio:.1f} %"


def cell(one):
    """A figure in a table: its value, and its share."""
    text = number(one["value"])
    if "ratio_interval" in one:
        low, high = map(percent, one["ratio_interval"])
        return f"{text} (**{percent(one['ratio'])}**, {low} to {high})"
    return f"{text} (**{percent(one['ratio'])}**)" if "ratio" in one else text


def table(head, rows, others="---:"):
    """A table in Markdown: the first column to the left, the others to the right unless said."""
    lines = [head, ["---", *[others] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines) + "\n"


def tables(chart):
    """The tables of a chart: a line for each workload, or each point of a curve."""
    for systems, workloads in chart.tables().items():
        rows = []
        for workload in workloads:
            its_figures = chart.workloads[workload]
            rows.append([its_figures[0].get("title", workload), *map(cell, its_figures)])
        yield table(["", *(f"`{system}`<br>{words(system)}" for system in systems)], rows)


def about_run(run):
    """Where and how all of it was measured."""
    host, how = run["host"], dict(run["configuration"])
    commit = how.pop("commit") or "not a git clone"
    modified = ", with changes that are not committed" if how.pop("modified") else ""
    quick = "`QUICK=1`" if how.pop("quick") else "all windows"
    rows = [
        ["kernel", run["kernel"] or "unknown"],
        ["host", f"{host['cpu']}, {host['cpus']} CPUs, kernel {host['kernel']}"],
        ["date", run["date"]],
        ["commit", commit + modified],
        ["configuration", ", ".join([quick, *(f"`{name.upper()}={value}`" for name, value in how.items())])],
    ]
    return table(["run", ""], rows, others="---")


def about_parts(run):
    """A line for each part: how it went, and which clock its figures are from."""
    rows = []
    for name, part in run["parts"].items():
        its_figures = [one for one in run["figures"] if one["part"] == name]
        why = part.get("why") or f"status {part['exit_status']}: see `logs/{name}.log`"
        status = part["status"] if part["status"] == "passed" else f"**failed** ({why})"
        what = "; ".join(part[key] for key in ("program", "client") if key in part)
        clocks = ", ".join(unique(one["clock"] for one in its_figures))
        where = accelerators(its_figures) if its_figures else ""
        rows.append([f"`{name}`", what, status, f"{part['seconds']} s", str(len(its_figures)), clocks, where])
    return table(["part", "what", "status", "time", "figures", "clock", "accelerator"], rows, others="---")


def not_counted(run):
    """What the parts say of what they leave out, each text once."""
    texts = {}
    for name, part in run["parts"].items():
        if "not_counted" in part:
            texts.setdefault(part["not_counted"], []).append(name)
    lines = [f"* {', '.join(f'`{name}`' for name in names)}: {text}" for text, names in texts.items()]
    return "\n".join(lines or ["* no part says what it leaves out"]) + "\n"


def missed(run):
    """The targets that parts say are missed."""
    for name, part in run["parts"].items():
        for target in part.get("targets", []):
            if not target["met"] and target["is"] is not None and "of" in target:
                why = f" (out of reach: {target['out_of_reach']})" if "out_of_reach" in target else ""
                yield (
                    f"* `{name}`: `{target['what']}` is at {percent(target['is'])} of `{target['of']}`; "
                    f"the target is {percent(target['limit'])}{why}"
                )


def sections(run, its_charts):
    """The report, section by section."""
    yield "<!-- SPDX-License-Identifier: GPL-2.0 -->\n# What `make bench` measured\n"
    yield about_run(run)
    yield "## Parts\n"
    yield about_parts(run)
    yield from missed(run)
    if any("ratio" in one for one in run["figures"]):
        yield "\n## Overview\n\n![all ratios](plots/overview.svg)\n"
    for family in unique(chart.family for chart in its_charts):
        yield f"## {family.replace('_', ' ')}\n"
        for chart in (chart for chart in its_charts if chart.family == family):
            if chart.curve or chart.stack:
                yield f"### {chart.curve or chart.stack}\n"
            brackets = " In brackets: the share" if chart.bases else ""
            if brackets and any("ratio_interval" in one for one in chart.figures):
                brackets += ", and the 95 % interval of its median over the rounds of this run"
            yield (
                f"{chart.unit[0].upper()}{chart.unit[1:]}, {chart.better or 'less'} is better. {foot(run, chart)}"
                f"{brackets and brackets + '.'}\n"
            )
            if drawn(chart):
                yield f"![{chart.title}](plots/{chart.name}.svg)\n"
            yield from tables(chart)
    yield "## What is not counted\n"
    yield not_counted(run)


def drawn(chart):
    """One bar says no more than its number."""
    return len(chart.figures) > 1


def main():
    """Writes report.md and plots/."""
    path, folder = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    its_charts = charts(run["figures"])
    # Those of another run are not to be taken for this one's.
    shutil.rmtree(f"{folder}/plots", ignore_errors=True)
    os.makedirs(f"{folder}/plots")
    plots = Plots(f"{folder}/plots", colours(one["system"] for one in run["figures"]))
    for chart in filter(drawn, its_charts):
        draw = plots.curves if chart.curve else plots.stacks if chart.stack else plots.bars
        draw(chart, foot(run, chart))
    if any("ratio" in one for one in run["figures"]):
        clocks = "; ".join(unique(f"{chart.clock}: {accelerators(chart.figures)}" for chart in its_charts))
        networks = ", ".join(unique(one["network"] for one in run["figures"]))
        plots.overview(
            its_charts,
            f"Kernel {run['kernel']}. Clock and accelerator: {clocks}. Network: {networks}. "
            "Less is better unless said. Lines: 95 % interval of the median (wall time), lowest to highest (curves).",
        )
    with open(f"{folder}/report.md", "w", encoding="utf-8") as file:
        file.write("\n".join(sections(run, its_charts)))


if __name__ == "__main__":
    main()
