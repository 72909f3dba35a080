"""Owns the report: a Markdown table for each part, the judgements, everything as JSON."""

import json
import os
import platform
import time

from bench_figures import Column
from bench_plots import bars

COMPARED = [
    Column("rate", "rate / base", 2),
    Column("p99", "p99 / base", 2),
]
FULL = 93  # percent of its core, from which on a load generator counts as the limit
NOISY = 25  # percent of a core that others used, from which on figures are doubtful


def machine():
    """The machine in a few words."""
    model = "unknown processor"
    with open("/proc/cpuinfo") as facts:
        for line in facts:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return "%s, %d cores, Linux %s" % (model, os.cpu_count() or 1, platform.release())


def table(header, rows):
    """A Markdown table; the first column to the left, all others to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def part_table(figures, part):
    """Medians of one part, how they compare with its base, and the spread of what matters most."""
    header = [""] + [column.heading for column in part.columns]
    with_base = part.baseline in figures.runs.get(part.name, {})
    if with_base:
        header += [column.heading for column in COMPARED] + ["CPU us - base"]
    rows = []
    for contender in figures.runs.get(part.name, {}):
        row = [contender] + [column.text(figures.median(part.name, contender, column.key)) for column in part.columns]
        if with_base:
            row += [column.text(figures.ratio(part.name, contender, part.baseline, column.key)) for column in COMPARED]
            row += [Column("", "", 2).text(figures.difference(part.name, contender, part.baseline, "cpu"))]
        rows.append(row)
    return table(header, rows)


def spread_table(figures, part):
    """Least, median and most of each contender's main figures."""
    rows = []
    for contender in figures.runs.get(part.name, {}):
        for column in [column for column in part.columns if column.key in {chart[0] for chart in part.charts}]:
            values = figures.values(part.name, contender, column.key)
            if values:
                median = figures.median(part.name, contender, column.key)
                rows.append(
                    [contender, column.heading] + [column.text(value) for value in (min(values), median, max(values))]
                )
    return table(["noise", "", "least", "median", "most"], rows)


def remarks(figures, part):
    """What a reader must know about this part's figures."""
    found = [part.remark] if part.remark else []
    full = [name for name in figures.runs.get(part.name, {}) if (figures.median(part.name, name, "client") or 0) >= FULL]
    if full:
        found.append("The client's core was full for %s: trust CPU per request more than the rate." % ", ".join(full))
    others = max((run.get("others", 0) for runs in figures.runs.get(part.name, {}).values() for run in runs), default=0)
    if others >= NOISY:
        found.append("**The machine was not quiet: others used up to %.0f %% of a core meanwhile.**" % others)
    return found


def judged(musts):
    """The judgements as a Markdown table."""
    rows = []
    for must in musts:
        value = Column("", "", must.digits).text(must.value)
        rows.append([must.text, value, must.bound(), must.verdict()])
    return table(["must", "measured", "bound", ""], rows)


def write(folder, figures, parts, musts, facts):
    """Writes report.md, figures.json and one plot for each chart; the Markdown."""
    os.makedirs(folder, exist_ok=True)
    lines = ["# Benchmark of %s" % time.strftime("%Y-%m-%d %H:%M", time.gmtime()), "", machine() + ". " + facts, ""]
    if figures.notes:
        lines += ["**What could not be measured:**", ""] + ["- " + note for note in figures.notes] + [""]
    if musts:
        lines += ["## What it must show", ""] + judged(musts) + [""]
    for part in parts:
        if part.name not in figures.runs:
            continue
        lines += ["## " + part.name, "", part.title + ".", ""] + part_table(figures, part) + [""]
        lines += [line for remark in remarks(figures, part) for line in (remark, "")]
        lines += spread_table(figures, part) + [""]
        for key, heading in part.charts:
            plotted = [
                (contender, values)
                for contender in figures.runs[part.name]
                if (values := figures.values(part.name, contender, key))
            ]
            if plotted:
                name = "%s-%s.svg" % (part.name, key)
                with open(os.path.join(folder, name), "w") as file:
                    file.write(bars("%s: %s" % (part.name, heading), heading, plotted))
                lines += ["![%s](%s)" % (heading, name), ""]
    text = "\n".join(lines)
    with open(os.path.join(folder, "report.md"), "w") as file:
        file.write(text)
    with open(os.path.join(folder, "figures.json"), "w") as file:
        json.dump(
            {
                "machine": machine(),
                "facts": facts,
                "notes": figures.notes,
                "musts": [
                    {"must": m.text, "value": m.value, "bound": m.bound(), "verdict": m.verdict()} for m in musts
                ],
                "rounds": figures.runs,
            },
            file,
            indent=1,
        )
    return text
