# SPDX-License-Identifier: GPL-2.0
"""Which figures are in a chart, and in a table, together."""

import re

# What all figures of a chart have in common, beside the family.
COMMON = ("clock", "unit", "accelerator", "better", "curve")


def unique(items):
    """Each once, in order."""
    return list(dict.fromkeys(items))


def slug(text):
    """Text as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Chart:
    """Figures of one family, unit and clock: bars, or a curve."""

    def __init__(self, key, members):
        self.family = key[0]
        self.clock, self.unit, self.accelerator, self.better, self.curve = key[1:]
        self.figures = members
        self.name = slug(f"{self.family} {self.curve or ''}")

    def distinguish(self):
        """Makes the name one that tells it from other charts of the family."""
        self.name = slug(f"{self.family} {self.curve or ''} {self.unit} {self.clock} {self.accelerator}")

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
        what = self.family.replace("_", " ") + (f", {self.curve}" if self.curve else "")
        return f"{what}: {self.unit} ({self.better or 'less'} is better)"

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
    taken = {}
    for chart in result:
        taken.setdefault(chart.name, []).append(chart)
    for same in taken.values():
        for chart in same[1:]:
            chart.distinguish()
    return result


def number(value):
    """A value, as short as it can be told apart."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.4g} M"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(ratio):
    """A ratio in percent; a small difference from 100 % can be seen."""
    return f"{ratio:.0%}".replace("%", " %") if ratio < 0.9 or ratio > 1.1 else f"{ratio:.1%}".replace("%", " %")
