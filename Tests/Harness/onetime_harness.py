"""Owns what every black-box suite needs: starting and stopping the executable, and counting results.

A server is started on a free port of 127.0.0.1, dies with the suite that started it, and leaves no file behind.
The executable is taken from ONETIME_LITE, else from .build/onetime-lite of this repository. HTTP lives in
onetime_http.py.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

from onetime_http import Connection, SecurePort, request

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1


def binary_path():
    """The executable under test, absolute."""
    chosen = os.environ.get("ONETIME_LITE") or os.path.join(REPOSITORY, ".build", "onetime-lite")
    return os.path.abspath(chosen)


def free_port():
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def die_with_parent():
    """Runs in the child before exec: no server outlives a suite that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def memory_kib(pid, field="VmRSS"):
    """One field of /proc/PID/status, in KiB."""
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    """User plus system time of the whole process. Precise where the kernel keeps schedstat, else in clock ticks."""
    total = 0
    try:
        for thread in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, thread)) as statistics:
                total += int(statistics.read().split()[0])
        if total:
            return total / 1e9
    except (OSError, IndexError, ValueError):
        pass
    return sum(cpu_ticks(pid)) / TICKS_PER_SECOND


def cpu_ticks(pid):
    """(user, system) of /proc/PID/stat, in clock ticks."""
    with open("/proc/%d/stat" % pid) as statistics:
        fields = statistics.read().rsplit(")", 1)[1].split()
    return int(fields[11]), int(fields[12])


class StartFailure(Exception):
    """The executable ended, or did not answer /health in time."""


class Server:
    """One running server, used as a context manager.

    `arguments` come after `serve --listen`; `environment` is added to a small clean environment. `wrapper` is put
    before the command (strace, taskset); the server is then found as the wrapper's child where `wrapper_forks` says so.
    `pass_fds` are descriptors that it inherits.
    """

    def __init__(
        self,
        *arguments,
        environment=None,
        binary=None,
        min_ttl=1,
        wrapper=(),
        wrapper_forks=False,
        pass_fds=(),
        start_timeout=10.0
    ):
        self.arguments = list(arguments)
        if min_ttl is not None:
            self.arguments += ["--min-ttl", str(min_ttl)]
        self.environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
        self.environment.update(environment or {})
        self.binary = os.path.abspath(binary) if binary else binary_path()
        self.wrapper = list(wrapper)
        self.wrapper_forks = wrapper_forks
        self.pass_fds = tuple(pass_fds)
        self.start_timeout = start_timeout
        self.process = None
        self.port = 0
        self.pid = 0
        self.started_in = 0.0
        self.directory = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        """Starts, and returns once GET /health is 200. Another process may take the free port: three tries."""
        self.directory = tempfile.mkdtemp(prefix="onetime-test-")
        failure = None
        for _ in range(3):
            try:
                self._start_once()
                return self
            except StartFailure as reason:
                failure = reason
                self.kill()
        self.close()
        raise failure

    def _start_once(self):
        self.port = SecurePort(free_port()) if "--tls" in self.arguments else free_port()
        command = self.wrapper + [self.binary, "serve", "--listen", "127.0.0.1:%d" % self.port] + self.arguments
        begin = time.monotonic()
        with open(self.path("stdout"), "wb") as out, open(self.path("stderr"), "wb") as err:
            try:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    env=self.environment,
                    pass_fds=self.pass_fds,
                    preexec_fn=die_with_parent,
                )
            except OSError as reason:
                raise StartFailure("cannot start %s: %s" % (self.binary, reason))
        while True:
            if self.process.poll() is not None:
                raise StartFailure("ended with %s: %s" % (self.process.returncode, self.text("stderr")[-400:]))
            if self._answers():
                break
            if time.monotonic() - begin > self.start_timeout:
                raise StartFailure(
                    "no 200 from /health within %.0f s: %s" % (self.start_timeout, self.text("stderr")[-400:])
                )
            time.sleep(0.0003)
        self.started_in = time.monotonic() - begin
        self.pid = self._child_of_wrapper() if self.wrapper_forks else self.process.pid

    def _answers(self):
        try:
            return request(self.port, "GET", "/health", timeout=self.start_timeout).status == 200
        except OSError:
            return False

    def _child_of_wrapper(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as children:
            for child in children.read().split():
                with open("/proc/%s/cmdline" % child, "rb") as line:
                    if b"serve" in line.read():
                        return int(child)
        raise StartFailure("the wrapper has no server as a child")

    def path(self, name):
        """A file of this server's temporary directory."""
        return os.path.join(self.directory, name)

    def text(self, name):
        """What the server has written to `stdout` or `stderr` so far."""
        try:
            with open(self.path(name), "rb") as file:
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def events(self):
        """The JSON lines of stdout. Raises ValueError if a line is not a JSON object."""
        return [json.loads(line) for line in self.text("stdout").splitlines() if line.strip()]

    def alive(self):
        """Whether the process still runs."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        """Sends a signal to the server itself."""
        os.kill(self.pid, number)

    def wait(self, timeout=10.0):
        """The exit code, or None if the server is still there after `timeout` seconds."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, timeout=10.0):
        """SIGTERM; the exit code, or None if it had to be killed."""
        if self.alive():
            self.signal(signal.SIGTERM)
        code = self.wait(timeout)
        if code is None:
            self.kill()
        return code

    def kill(self):
        """SIGKILL for the server and its wrapper."""
        if self.process is None:
            return
        if self.wrapper_forks and self.pid and self.process.poll() is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except OSError:
                pass
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self):
        """Stops whatever still runs and removes the temporary directory."""
        if self.alive():
            try:
                self.stop(5.0)
            except OSError:
                pass
        self.kill()
        if self.directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def connect(self, timeout=10.0):
        """A new connection to the server."""
        return Connection(self.port, timeout)

    def request(self, method, target, **options):
        """One request on a connection of its own."""
        return request(self.port, method, target, **options)

    def rss_kib(self):
        """Resident memory of the server, in KiB."""
        return memory_kib(self.pid)


class Results:
    """Counts checks; a failure is printed at once, a success only in the closing line."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def check(self, condition, name, detail=""):
        """Counts one check and returns whether it held."""
        if condition:
            self.passed += 1
            return True
        self.failed += 1
        print("FAILED: %s%s" % (name, ("\n    " + str(detail)[:1200]) if detail != "" else ""), flush=True)
        return False

    def equal(self, actual, expected, name):
        """Counts one check for equality and shows both sides where it fails."""
        return self.check(actual == expected, name, "expected %r\n    got      %r" % (expected, actual))

    def skip(self, name, reason):
        """Counts something that could not be tried, loudly."""
        self.skipped += 1
        print("SKIPPED: %s: %s" % (name, reason), flush=True)

    def run(self, function, *arguments):
        """Runs one test; an exception is one failure."""
        begin = time.monotonic()
        before = (self.passed, self.failed)
        try:
            function(*arguments)
        except TimeLimit:
            raise
        except Exception:
            self.check(False, function.__name__ + " ended early", traceback.format_exc(limit=6))
        name = function.__name__.replace("_", " ")
        print(
            "%s: %d passed, %d failed (%.1f s)"
            % (name, self.passed - before[0], self.failed - before[1], time.monotonic() - begin),
            flush=True,
        )

    def finish(self):
        """Prints the closing line and returns the exit code."""
        line = "%d passed, %d failed" % (self.passed, self.failed)
        print(line + (", %d skipped" % self.skipped if self.skipped else ""), flush=True)
        return 1 if self.failed else 0


class TimeLimit(Exception):
    """The whole suite took longer than it may."""


def run_suite(body, limit_seconds):
    """Runs `body(results)` within a time limit, prints the closing line and exits the process."""

    def over(_number, _frame):
        raise TimeLimit()

    signal.signal(signal.SIGALRM, over)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.alarm(limit_seconds)
    results = Results()
    try:
        if not os.access(binary_path(), os.X_OK):
            results.check(False, "no executable at " + binary_path() + " (run scripts/build, or set ONETIME_LITE)")
        else:
            body(results)
    except TimeLimit:
        results.check(False, "the suite took longer than %d s" % limit_seconds)
    except Exception:
        results.check(False, "the suite ended early", traceback.format_exc(limit=8))
    signal.alarm(0)
    sys.exit(results.finish())
