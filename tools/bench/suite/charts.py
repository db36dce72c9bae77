# SPDX-License-Identifier: GPL-2.0
"""Which figures are in a chart, and in a table, together."""

import re

from systems import words

# What all figures of a chart have in common, beside the family.
COMMON = ("clock", "unit", "accelerator", "better", "curve", "stack")


def unique(items):
    """Each once, in order."""
    return list(dict.fromkeys(items))


def slug(text):
    """Text as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Chart:
    """Figures of one family, unit and clock: bars, a curve, or bars of parts that add up."""

    def __init__(self, key, members):
        self.family = key[0]
        self.clock, self.unit, self.accelerator, self.better, self.curve, self.stack = key[1:]
        self.figures = members
        self.name = None

    @property
    def systems(self):
        """The systems, in the order they were measured in."""
        return unique(one["system"] for one in self.figures)

    @property
    def workloads(self):
        """workload -> its figures."""
        result = {}
        for one in self.figures:
            result.setdefault(one["workload"], []).append(one)
        return result

    @property
    def title(self):
        """What was measured, in which unit."""
        what = ", ".join([self.family.replace("_", " "), *filter(None, (self.curve, self.stack))])
        return f"{what}: {self.unit} ({self.better or 'less'} is better)"

    @property
    def bases(self):
        """What the figures are shares of, in words."""
        known = {one["id"]: one for one in self.figures}
        result = []
        for one in self.figures:
            if "ratio" in one:
                _, workload, system = one["of"].split(".")
                title = known.get(one["of"], {}).get("title", workload)
                result.append(words(system) if system != one["system"] else f"the same under \u201c{title}\u201d")
        return unique(result)

    def tables(self):
        """Lists of workloads that were measured with the same systems."""
        result = {}
        for workload, its_figures in self.workloads.items():
            result.setdefault(tuple(one["system"] for one in its_figures), []).append(workload)
        return result


def charts(figures):
    """All charts of a run."""
    groups = {}
    for one in figures:
        key = (one.get("family", one["part"]), *(one.get(common) for common in COMMON))
        groups.setdefault(key, []).append(one)
    result = [Chart(key, members) for key, members in groups.items()]
    names = set()
    for chart in result:
        name = f"{chart.family} {chart.curve or ''} {chart.stack or ''}"
        for more in ("", chart.unit, chart.clock, chart.accelerator, len(names)):
            name += f" {more}"
            chart.name = slug(name)
            if chart.name not in names:
                break
        names.add(chart.name)
    return result


def number(value):
    """A value, as short as it can be told apart."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.4g} M"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
