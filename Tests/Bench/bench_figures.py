"""Owns what was measured: figures of each contender of each part, round by round, and the judgement of what the product must do.
"""

import statistics


class Column:
    """How one figure is headed and printed."""

    def __init__(self, key, heading, digits=0):
        self.key, self.heading, self.digits = key, heading, digits

    def text(self, value):
        """A number as it is printed, with thin groups of thousands."""
        return "-" if value is None or value != value else "{:,.{}f}".format(value, self.digits).replace(",", " ")


class Must:
    """One thing that the product must show: a value, and the least or the most that it may be."""

    def __init__(self, text, value, least=None, most=None, digits=2):
        self.text, self.value, self.least, self.most = text, value, least, most
        self.digits = digits

    def met(self):
        """Whether it holds; None if it could not be measured."""
        if self.value is None:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def bound(self):
        """The bound in words."""
        return "at least %g" % self.least if self.least is not None else "at most %g" % self.most

    def verdict(self):
        """The judgement in words."""
        return {True: "met", False: "NOT MET", None: "not measured"}[self.met()]


class Figures:
    """Every figure of every round, by part and contender."""

    def __init__(self):
        self.runs = {}  # part -> contender -> list of dictionaries
        self.notes = []

    def add(self, part, contender, figures):
        """Notes one run."""
        self.runs.setdefault(part, {}).setdefault(contender, []).append(figures)

    def note(self, text):
        """Says something loudly, now and in the report; once."""
        if text not in self.notes:
            self.notes.append(text)
            print("!! " + text, flush=True)

    def values(self, part, contender, key):
        """One figure of all rounds."""
        return [run[key] for run in self.runs.get(part, {}).get(contender, []) if run.get(key) is not None]

    def median(self, part, contender, key):
        """The median of the rounds, None if there were none."""
        values = self.values(part, contender, key)
        return statistics.median(values) if values else None

    def ratio(self, part, ours, other, key):
        """Median of one contender over the median of another, None if one is missing."""
        above, below = self.median(part, ours, key), self.median(part, other, key)
        return above / below if above is not None and below else None

    def difference(self, part, ours, other, key):
        """Median of one contender minus the median of another, None if one is missing."""
        left, right = self.median(part, ours, key), self.median(part, other, key)
        return left - right if left is not None and right is not None else None


OURS = "onetime-lite"
# The columns of every part that loads a server with requests.
REQUESTS = [
    Column("rate", "requests/s"),
    Column("p50", "p50 us"),
    Column("p99", "p99 us"),
    Column("cpu", "CPU us", 2),
    Column("user", "user us", 2),
    Column("system", "system us", 2),
    Column("server", "server %"),
    Column("client", "client %"),
    Column("others", "others %"),
]


class Part:
    """A group of runs that are compared with each other: subclasses name it and measure."""

    name = title = remark = ""
    once = False  # measured in one round, whatever was asked for
    baseline = None  # the contender that the others are compared with
    columns = REQUESTS
    charts = ()  # (key, title with unit)
    helpers = ()  # C programs beside this file

    def __init__(self, workshop, figures, seconds):
        self.workshop, self.figures, self.seconds = workshop, figures, seconds

    def prepare(self):
        """Installs what is needed and notes what can't be had. Raises BenchFailure if nothing can be measured."""

    def contenders(self):
        """The runs of one round: (name, function that returns figures), in the order in which they take turns."""
        raise NotImplementedError

    def musts(self):
        """What the issue demands of the figures."""
        return []

    def can(self, program, package, purpose):
        """Whether a program is there or could be installed; says so loudly if not."""
        from bench_tools import BenchFailure, install

        try:
            install(program, package)
            return True
        except BenchFailure as reason:
            self.figures.note("%s: no baseline %s: %s" % (self.name, purpose, reason))
            return False
