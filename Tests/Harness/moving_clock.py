"""Owns clocks that a test moves, under the real executable: no part of the server knows of them (moving_clock.c says how it is done).

    with MovingClock(at=moment("2027-03-28T00:59:50Z")) as clock, clock.server("--hours", "...") as server:
        clock.advance(20)

There are two, as a machine has them: what people call the time, and the one that only goes forward and counts suspended time. Both
stand still, or both run. `advance` is time that passes, on both, whether the machine ran or was suspended; `step` is what NTP or a
person does to the wall clock alone. Timers that the server has set ring when their time has come on the moved clock.
"""

import atexit
import ctypes
import datetime
import fcntl
import mmap
import os
import shutil
import subprocess
import tempfile
import time

from onetime_harness import Server

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE_BYTES = 4096
TIMERS = 8
NANOSECONDS = 1000000000
CLOCK_BOOTTIME = 7
FIRST_DESCRIPTOR = 200  # out of the way of the server's own
FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector", "-fno-jump-tables", "-fcf-protection=none")
LIBRARY = ctypes.CDLL(None, use_errno=True)


class Timer(ctypes.Structure):
    """struct timer of moving_clock.c."""

    _fields_ = [
        ("deadline", ctypes.c_int64),
        ("interval", ctypes.c_int64),
        ("source", ctypes.c_int32),
        ("descriptor", ctypes.c_int32),
    ]


class Page(ctypes.Structure):
    """struct page of moving_clock.c."""

    _fields_ = [
        ("sequence", ctypes.c_uint64),
        ("wall", ctypes.c_int64),
        ("boot", ctypes.c_int64),
        ("stands", ctypes.c_uint64),
        ("timers_used", ctypes.c_uint64),
        ("timers", Timer * TIMERS),
    ]


class Setting(ctypes.Structure):
    """struct itimerspec: an interval and a moment, each in seconds and nanoseconds."""

    _fields_ = [("interval", ctypes.c_int64 * 2), ("value", ctypes.c_int64 * 2)]


def moment(text):
    """Seconds since 1970 of what RFC 3339 writes."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class Program:
    """moving_clock.c, compiled once for a suite."""

    path = None
    reason = None

    @classmethod
    def compiled(cls):
        """Its path; None where it cannot be, and `reason` says why."""
        if cls.path or cls.reason:
            return cls.path
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            cls.reason = "no C compiler"
            return None
        folder = tempfile.mkdtemp(prefix="onetime-clock-")
        atexit.register(shutil.rmtree, folder, True)
        path = os.path.join(folder, "moving_clock")
        subprocess.run([compiler, *FLAGS, "-o", path, os.path.join(HERE, "moving_clock.c")], check=True)
        cls.path = path
        with MovingClock() as clock:
            tried = subprocess.run(
                clock.wrapper + ["/bin/true"], pass_fds=clock.files, capture_output=True, text=True, check=False, timeout=10
            )
        if tried.returncode != 0:
            cls.path, cls.reason = None, tried.stderr.strip() or "it ended with %d" % tried.returncode
        return cls.path


def can_move():
    """Whether clocks can be moved here. `Program.reason` says why not: ptrace is not permitted, or there is no compiler."""
    return Program.compiled() is not None


class MovingClock:
    """The clocks of one server. `at` is where the wall clock stands at first, in seconds since 1970; without it they run."""

    def __init__(self, at=None):
        # Real descriptors are left where they are for less than a moment: none is inherited but those that are named.
        self.timers = [self._high(LIBRARY.timerfd_create(CLOCK_BOOTTIME, os.O_NONBLOCK | os.O_CLOEXEC)) for _ in range(TIMERS)]
        self.file = self._high(os.memfd_create("moving-clock-page"))
        os.ftruncate(self.file, PAGE_BYTES)
        self.memory = mmap.mmap(self.file, PAGE_BYTES)
        self.page = Page.from_buffer(self.memory)
        for timer, source in zip(self.page.timers, self.timers):
            timer.source, timer.descriptor = source, -1
        self.files = tuple(self.timers) + (self.file,)
        if at is not None:
            self.stand(at)

    @staticmethod
    def _high(descriptor):
        """The same file under a number that the server would not get."""
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)
        os.close(descriptor)
        return moved

    def __enter__(self):
        return self

    def __exit__(self, *_):
        del self.page
        self.memory.close()
        for descriptor in self.files:
            os.close(descriptor)

    @property
    def wrapper(self):
        """What is put before a command; it has to inherit `files`."""
        return [Program.compiled(), str(self.file), "--"]

    def server(self, *arguments, **options):
        """A server that lives by these clocks. One at a time."""
        self.page.timers_used = 0
        for timer in self.page.timers:
            timer.deadline, timer.descriptor = 0, -1
        return Server(*arguments, wrapper=self.wrapper, pass_fds=self.files, **options)

    @property
    def stands(self):
        """Whether the clocks stand still."""
        return bool(self.page.stands)

    def now(self):
        """The wall clock, in seconds since 1970."""
        return (self.page.wall + (0 if self.stands else time.time_ns())) / NANOSECONDS

    def boot(self):
        """The clock that only goes forward, in seconds."""
        return (self.page.boot + (0 if self.stands else time.clock_gettime_ns(CLOCK_BOOTTIME))) / NANOSECONDS

    def stand(self, at=None):
        """Lets both clocks stand still, the wall clock at a moment, if one is given."""
        wall, boot = self._nanoseconds()
        self._write(wall if at is None else round(at * NANOSECONDS), boot, 1)

    def run(self):
        """Lets both clocks run on from where they are."""
        wall, boot = self._nanoseconds()
        self._write(wall - time.time_ns(), boot - time.clock_gettime_ns(CLOCK_BOOTTIME), 0)

    def advance(self, seconds):
        """Time passes, on both clocks. Whole milliseconds."""
        assert seconds >= 0, "time does not go back"
        passed = round(seconds * 1000) * 1000000
        self._write(self.page.wall + passed, self.page.boot + passed, self.page.stands)

    def advance_to(self, at):
        """Time passes until the wall clock shows a moment, in seconds since 1970."""
        self.advance(at - self.now())

    def step(self, seconds):
        """The wall clock is set forward or, with a negative number, back. No time passes."""
        self._write(self.page.wall + round(seconds * 1000) * 1000000, self.page.boot, self.page.stands)

    def step_to(self, at):
        """The wall clock is set to a moment, in seconds since 1970. No time passes."""
        self.step(at - self.now())

    def _nanoseconds(self):
        if self.stands:
            return self.page.wall, self.page.boot
        return self.page.wall + time.time_ns(), self.page.boot + time.clock_gettime_ns(CLOCK_BOOTTIME)

    def _write(self, wall, boot, stands):
        self.page.sequence += 1
        self.page.wall, self.page.boot, self.page.stands = wall, boot, stands
        self.page.sequence += 1
        for index in range(min(self.page.timers_used, TIMERS)):
            self._set_timer(self.page.timers[index])

    def _set_timer(self, timer):
        """The same as `set_timer` of moving_clock.c."""
        deadline = timer.deadline
        if deadline and self.stands:
            deadline = 1 if deadline <= self.page.boot else 0
        elif deadline:
            deadline = max(deadline - self.page.boot, 1)
        setting = Setting(
            (timer.interval // NANOSECONDS, timer.interval % NANOSECONDS), (deadline // NANOSECONDS, deadline % NANOSECONDS)
        )
        if LIBRARY.timerfd_settime(timer.source, 1, ctypes.byref(setting), None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")
