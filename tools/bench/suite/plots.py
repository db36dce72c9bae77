# SPDX-License-Identifier: GPL-2.0
"""The plots of a report, as SVG and PNG."""

import itertools
import textwrap

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullLocator, PercentFormatter

from charts import number, unique
from samples import interval
from systems import words

WIDTH, DPI = 9.0, 110
INK, PALE, GRID = "#1f2328", "#59636e", "#e4e7eb"
# Of a row of bars: how many bars and gaps are legible, and how many there are at least; how many times another one a
# group of bars may be; characters below it.
MOST_SLOTS, LEAST_SLOTS, SCALE, CHARACTERS = 14, 11, 6, 140
# How many places of a curve have room for their numbers side by side.
CROWD = 7
# Of the overview: where a bar is cut off; rows between workloads; inches left of the bars; where the workloads are, in
# points from the left end of the axis.
CUT, GAP, SYSTEM_COLUMN = 2.0, 0.7, 3.9
FAR_LEFT = (0, -72 * SYSTEM_COLUMN)
# The parts of a stack, in their order; the share of a bar that has room for words.
LAYERS, LEGIBLE = ["#4f7cac", "#d9622b", "#7a2f52", "#3f9c8f", "#8b93a1", "#c9a227", "#5b5f97"], 0.05
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": PALE,
    "axes.edgecolor": "#afb8c1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "legend.frameon": False,
    # The same figures make the same file.
    "svg.hashsalt": "ukl",
}


class Plots:
    """Draws into a folder; a colour for each system."""

    def __init__(self, folder, colour):
        self.folder = folder
        self.colour = colour
        matplotlib.rcParams.update(STYLE)

    def save(self, figure, name, title, foot, top=0.0, tight=True):
        """Adds title and foot, and writes both files. `top`: inches that are taken below the title; `tight`: the axes
        take all the space between."""
        height = figure.get_figheight()
        lines = textwrap.wrap(foot, 150)
        figure.text(0.1 / WIDTH, 1 - 0.12 / height, title, size=11.5, weight="bold", va="top")
        figure.text(0.1 / WIDTH, 0.09 / height, "\n".join(lines), size=7, color=PALE, va="bottom", linespacing=1.35)
        bottom = (0.16 + 0.14 * len(lines)) / height
        if tight:
            figure.tight_layout(rect=(0, bottom, 1, 1 - (0.42 + top) / height), h_pad=1.2)
        figure.savefig(f"{self.folder}/{name}.svg", metadata={"Date": None})
        figure.savefig(f"{self.folder}/{name}.png", dpi=DPI, metadata={"Software": None})

    def legend(self, figure, systems, handle):
        """A legend below the title, line by line; returns the inches that it takes."""
        columns = columns_of_legend(systems)
        # Legends are filled column by column.
        order = [systems[i] for column in range(columns) for i in range(column, len(systems), columns)]
        figure.legend(
            [handle(self.colour[system]) for system in order],
            [words(system) for system in order],
            loc="upper left",
            bbox_to_anchor=(0.0, 1 - 0.36 / figure.get_figheight()),
            ncols=columns,
            fontsize=8.5,
            handlelength=1.2,
            columnspacing=1.6,
        )
        return height_of_legend(systems)

    def bars(self, chart, foot):
        """The systems side by side, workload by workload, with the shares."""
        rows = rows_of_bars(chart)
        figure = Figure(figsize=(WIDTH, 0.65 + height_of_legend(chart.systems) + 2.05 * len(rows)))
        axes = figure.subplots(len(rows), 1, squeeze=False)
        slots = max(LEAST_SLOTS, *(sum(len(its_figures) + 1 for _, its_figures in row) for row in rows))
        for (plot,), row in zip(axes, rows):
            self.row_of_bars(plot, row, slots)
        top = self.legend(figure, chart.systems, lambda colour: Rectangle((0, 0), 1, 1, color=colour))
        self.save(figure, chart.name, chart.title, foot, top)

    def row_of_bars(self, plot, row, slots):
        """One row: groups of bars, each above the words of its workload."""
        place, ticks, titles, highest = 0.0, [], [], 0.0
        # A row that is not full has wider gaps, not wider bars.
        gap = (slots - sum(len(its_figures) for _, its_figures in row)) / len(row)
        for title, its_figures in row:
            place += gap / 2
            ticks.append(place + (len(its_figures) - 1) / 2)
            titles.append(textwrap.fill(title, int((len(its_figures) + gap) * CHARACTERS / slots) - 2))
            for one in its_figures:
                low, high = interval(one["samples"])
                plot.bar(place, one["value"], 0.84, color=self.colour[one["system"]])
                if len(one["samples"]) > 1:
                    whisker(plot, place, one["value"], low, high)
                self.label(plot, place, max(one["value"], high), one)
                highest = max(highest, one["value"], high)
                place += 1
            place += gap / 2
        plot.set_xlim(-0.5, slots - 0.5)
        plot.set_ylim(0, highest * 1.2 or 1)
        plot.set_xticks(ticks, titles, color=INK)
        plot.tick_params(axis="x", length=0)
        tidy_values(plot)

    def label(self, plot, place, height, one):
        """Above a bar: its value, and its share."""
        above = {"xycoords": ("data", "data"), "textcoords": "offset points", "ha": "center", "va": "bottom"}
        plot.annotate(number(one["value"]), (place, height), xytext=(0, 3), size=7, color=PALE, **above)
        if "ratio" in one:
            plot.annotate(percent(one["ratio"]), (place, height), xytext=(0, 11.5), size=8.5, weight="bold", **above)

    def stacks(self, chart, foot):
        """A bar for each system, of the parts that its workloads are, each with its share of the bar."""
        figure = Figure(figsize=(WIDTH, 1.25 + 0.5 * len(chart.systems)))
        plot = figure.subplots()
        whole = {
            system: sum(one["value"] for one in chart.figures if one["system"] == system) for system in chart.systems
        }
        longest, ends, legend = max(whole.values()) or 1, dict.fromkeys(whole, 0.0), {}
        for colour, (workload, its_figures) in zip(itertools.cycle(LAYERS), chart.workloads.items()):
            legend[its_figures[0].get("title", workload)] = Rectangle((0, 0), 1, 1, color=colour)
            for one in its_figures:
                system, value = one["system"], one["value"]
                place = chart.systems.index(system)
                plot.barh(place, value, 0.72, ends[system], color=colour)
                if value > LEGIBLE * longest:
                    text = f"{number(value)}\n{percent(value / whole[system])}"
                    plot.text(ends[system] + value / 2, place, text, size=7, color="white", ha="center", va="center")
                ends[system] += value
        for place, value in enumerate(whole.values()):
            plot.text(value + 0.01 * longest, place, number(value), size=8.5, weight="bold", va="center")
        plot.set_xlim(0, longest * 1.1)
        plot.set_yticks(range(len(whole)), map(words, whole), color=INK)
        plot.invert_yaxis()
        plot.tick_params(length=0)
        plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        plot.spines["left"].set_visible(False)
        where = {"loc": "upper left", "bbox_to_anchor": (0.0, 1 - 0.36 / figure.get_figheight())}
        figure.legend(legend.values(), legend, ncols=len(legend), fontsize=8.5, handlelength=1.2, **where)
        self.save(figure, chart.name, chart.title, foot, 0.2)

    def curves(self, chart, foot):
        """A line for each system; beside them the shares, if there are any."""
        shares = any("ratio" in one for one in chart.figures)
        figure = Figure(figsize=(WIDTH, 4.1 + height_of_legend(chart.systems)))
        axes = figure.subplots(1, 1 + shares, squeeze=False, width_ratios=[1.35, 1] if shares else [1])
        values, *others = axes[0]
        for system in chart.systems:
            points = sorted((one for one in chart.figures if one["system"] == system), key=lambda one: one["x"])
            style = {"color": self.colour[system], "linewidth": 1.8, "marker": "o", "markersize": 4.5}
            values.plot([one["x"] for one in points], [one["value"] for one in points], **style)
            for one in points:
                if len(one["samples"]) > 1:
                    whisker(values, one["x"], one["value"], *interval(one["samples"]), self.colour[system])
            points = [one for one in points if "ratio" in one]
            for plot in others if points else []:
                plot.plot([one["x"] for one in points], [one["ratio"] for one in points], **style)
        values.set_ylim(bottom=0)
        tidy_values(values)
        values.set_title(chart.unit, size=9, color=PALE, loc="left")
        for plot in others:
            plot.axhline(1, color=INK, linewidth=0.9)
            plot.grid(axis="y", color=GRID, linewidth=0.8)
            plot.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
            plot.margins(y=0.12)
            plot.set_title(f"share of: {'; '.join(chart.bases)}", size=9, color=PALE, loc="left")
        for plot in axes[0]:
            scale_x(plot, sorted({one["x"] for one in chart.figures}))
            plot.set_xlabel(chart.figures[0].get("axis", chart.curve))
        top = self.legend(
            figure, chart.systems, lambda colour: Line2D([], [], color=colour, marker="o", markersize=4.5)
        )
        self.save(figure, chart.name, chart.title, foot, top)

    def overview(self, charts, foot):
        """A bar for each ratio, of a curve for each of its systems."""
        groups = [group for chart in charts for group in groups_of_ratios(chart)]
        families = unique(family for family, *_ in groups)
        groups.sort(key=lambda group: families.index(group[0]))
        rows = sum(len(bars) + GAP for *_, bars in groups) + 2 * len(families)
        height = 1.0 + 0.165 * rows
        figure = Figure(figsize=(WIDTH, height))
        left, right = (SYSTEM_COLUMN + 0.1) / WIDTH, 1 - 0.55 / WIDTH
        plot = figure.add_axes((left, 0.4 / height, right - left, 0.165 * rows / height))
        place, last = 0.0, None
        for family, title, bars in groups:
            if family != last:
                place += 0.7
                beside(plot, place, family, FAR_LEFT, ha="left", weight="bold", size=9)
                place += 1.3
                last = family
            title = textwrap.fill(title, 30)
            beside(plot, place + (len(bars) - 1) / 2, title, FAR_LEFT, ha="left", size=8, linespacing=1.1)
            for system, ratio, low, high in bars:
                plot.barh(place, min(ratio, CUT), 0.82, color=self.colour[system])
                if high > low:
                    plot.plot([min(low, CUT), min(high, CUT)], [place, place], color=INK, linewidth=0.9)
                beside(plot, place, words(system), (0, -5), ha="right", size=7, color=PALE)
                beside(plot, place, percent(ratio), (1, 34), ha="right", size=8)
                place += 1
            place += GAP
        plot.axvline(1, color=INK, linewidth=0.9, zorder=3)
        plot.set_ylim(rows - 0.5, -0.5)
        plot.set_xlim(0, min(CUT, 1.05 * max(1.0, *(high for *_, bars in groups for *_, high in bars))))
        plot.yaxis.set_major_locator(NullLocator())
        plot.xaxis.set_major_locator(MultipleLocator(0.2))
        plot.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        plot.xaxis.tick_top()
        plot.spines[["left", "bottom"]].set_visible(False)
        plot.tick_params(axis="x", length=0)
        plot.grid(axis="x", color=GRID, linewidth=0.8)
        self.save(figure, "overview", "All ratios: what each is of what it is measured against", foot, tight=False)


def columns_of_legend(systems):
    """All on a line if they are short enough."""
    length = sum(len(words(system)) + 5 for system in systems)
    return len(systems) if length < CHARACTERS else min(len(systems), 3)


def height_of_legend(systems):
    """Inches."""
    return 0.2 * -(-len(systems) // columns_of_legend(systems))


def beside(plot, place, text, where, **style):
    """Text beside the bars: points from the left (0) or right (1) end of the axis."""
    side, points = where
    plot.annotate(
        text,
        (side, place),
        xycoords=("axes fraction", "data"),
        xytext=(points, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
        **style,
    )


def percent(ratio):
    """A ratio in percent, as it is beside a bar."""
    return f"{100 * ratio:.0f} %"


def whisker(plot, place, value, low, high, colour=INK):
    """The interval of a value."""
    error = [[max(value - low, 0)], [max(high - value, 0)]]
    plot.errorbar(place, value, error, color=colour, linewidth=0.9, capsize=2.2, capthick=0.9)


def tidy_values(plot):
    """Few and round numbers at the axis of values."""
    plot.locator_params(axis="y", nbins=5)
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    plot.grid(axis="y", color=GRID, linewidth=0.8)
    plot.tick_params(axis="y", length=0)
    plot.spines["left"].set_visible(False)


def scale_x(plot, places):
    """The axis of a curve: by doubling where the numbers do, with a tick at each that was measured."""
    if places[0] > 0 and places[-1] / places[0] >= 8:
        plot.set_xscale("log", base=2)
    plot.xaxis.set_minor_locator(NullLocator())
    plot.set_xticks(places, [number(place) for place in places])
    if len(places) > CROWD:
        plot.tick_params(axis="x", labelrotation=45)


def rows_of_bars(chart):
    """Rows of (words of a workload, figures), each with as many bars as are legible and can be compared."""
    rows, count, heights = [], 0, []
    for workload, its_figures in chart.workloads.items():
        values = [one["value"] for one in its_figures]
        apart = heights and max(heights + [max(values)]) > SCALE * min(heights + [max(values)])
        if not rows or count + len(its_figures) + 1 > MOST_SLOTS or apart:
            rows.append([])
            count, heights = 0, []
        rows[-1].append((its_figures[0].get("title", workload), its_figures))
        count += len(its_figures) + 1
        heights.append(max(values))
    return rows


def groups_of_ratios(chart):
    """(words of the family, words of the workload, bars) of a chart, each bar (system, ratio, lowest, highest)."""
    family = chart.family.replace("_", " ") + (", wall time" if chart.clock == "wall" else "")
    better = " (more is better)" if chart.better == "more" else ""
    ratios = [one for its_figures in chart.workloads.values() for one in its_figures if "ratio" in one]
    if chart.curve:
        bars = []
        for system in unique(one["system"] for one in ratios):
            points = sorted(one["ratio"] for one in ratios if one["system"] == system)
            bars.append((system, points[len(points) // 2], points[0], points[-1]))
        return [(family, chart.curve + better, bars)] if bars else []
    result = []
    for workload in unique(one["workload"] for one in ratios):
        its_figures = [one for one in ratios if one["workload"] == workload]
        bars = [(one["system"], one["ratio"], *one.get("ratio_interval", [one["ratio"]] * 2)) for one in its_figures]
        part_of = f"{chart.stack}: " if chart.stack else ""
        result.append((family, part_of + its_figures[0].get("title", workload) + better, bars))
    return result
