"""Owns the part inside the process: the lines `name value unit` of scripts/bench-rooms, where it says what they may be."""

import os
import re
import subprocess

from bench_figures import Column, Must, Part
from bench_tools import BenchFailure
from onetime_harness import REPOSITORY, die_with_parent

SCRIPT = os.path.join(REPOSITORY, "scripts", "bench-rooms")
LINE = re.compile(r"^(\S+) ([\d.]+) (\S+)(?:\s+\(at (most|least) ([\d.]+))?")
LIMIT_SECONDS = 400


class Rooms(Part):
    """Timer wheel, cryptography and vault without HTTP."""

    name = "rooms"
    title = "in one process, without HTTP (scripts/bench-rooms)"
    once = True  # it takes medians itself
    columns = [Column("value", "value", 1)]

    def prepare(self):
        self.bounds = {}
        if not os.access(SCRIPT, os.X_OK):
            raise BenchFailure("scripts/bench-rooms is missing")
        self.lines = None

    def contenders(self):
        """Each line is a contender of its own; the script runs once, first."""
        if self.lines is None:
            self.lines = self.run()
        return [(name + ", " + unit, lambda value=value: {"value": value}) for name, value, unit in self.lines]

    def run(self):
        """The script's figures."""
        done = subprocess.run(
            [SCRIPT], stdout=subprocess.PIPE, timeout=LIMIT_SECONDS, preexec_fn=die_with_parent, check=False
        )
        text = done.stdout.decode("utf-8", "replace")
        lines = []
        for found in filter(None, map(LINE.match, text.splitlines())):
            name, value, unit, sense, bound = found.groups()
            lines.append((name, float(value), unit))
            if bound:
                self.bounds[name + ", " + unit] = (sense, float(bound))
        if done.returncode or not lines:
            self.figures.note("rooms: scripts/bench-rooms ended with %d: %s" % (done.returncode, text[-300:]))
        return lines

    def musts(self):
        found = []
        for name, (sense, bound) in self.bounds.items():
            value = self.figures.median(self.name, name, "value")
            found.append(Must("rooms: " + name, value, **{sense: bound}, digits=1))
        return found
