"""Owns what both benchmarks share: compiled helpers, pinned processes, and runs of wrk and of the load generator."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Harness"))
from onetime_harness import Server, cpu_seconds, die_with_parent, free_port  # noqa: E402
from onetime_http import request  # noqa: E402

ROOMY = ["--max-secrets", "20000000", "--max-bytes", "20000000000"]
NUMBER = {"us": 1, "ms": 1000, "s": 1_000_000}


class BenchFailure(Exception):
    """A run that proves nothing: errors, too few keys, a missing program."""


def install(program, package):
    """Installs a Debian package if its program is missing. Raises BenchFailure."""
    if shutil.which(program):
        return
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", package]):
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    if not shutil.which(program):
        raise BenchFailure(program + " is missing and could not be installed")


class Workshop:
    """A temporary directory with the compiled helpers; a context manager."""

    def __enter__(self):
        install("cc", "gcc")
        install("taskset", "util-linux")
        self.directory = tempfile.mkdtemp(prefix="onetime-bench-")
        for name in ("epoll_responder", "load"):
            subprocess.run(
                ["cc", "-O2", "-o", self.path(name), os.path.join(HERE, name + ".c")], check=True, timeout=60
            )
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.client_core = cores[0], cores[1 if len(cores) > 1 else 0]
        if len(cores) < 2:
            print("only one core: server and client share it, the numbers say little", flush=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        """A file of this workshop."""
        return os.path.join(self.directory, name)

    def on_server_core(self):
        """The wrapper that pins a server."""
        return ["taskset", "-c", str(self.server_core)]

    def on_client_core(self):
        """The wrapper that pins a client."""
        return ["taskset", "-c", str(self.client_core)]

    def load(self, action, port, keys, count=None, size=None, connections=16, depth=16):
        """Runs the load generator; (requests answered well, seconds). Raises BenchFailure if one failed."""
        environment = dict(os.environ, LOAD_CONNECTIONS=str(connections), LOAD_DEPTH=str(depth))
        command = self.on_client_core() + [self.path("load"), action, str(port), keys]
        command += [str(value) for value in (count, size) if value is not None]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=400)
        found = re.search(r"ok (\d+) failed (\d+) seconds ([\d.]+)", done.stdout.decode())
        if done.returncode or not found:
            raise BenchFailure("load %s: %s%s" % (action, done.stdout.decode(), done.stderr.decode()[:600]))
        return int(found.group(1)), float(found.group(3))

    def wrk(self, pid, port, target, seconds, script=None, headers=(), environment=None):
        """Runs wrk with 64 connections; a dictionary of what it measured, and what the server's processor spent."""
        command = self.on_client_core() + ["wrk", "-t1", "-c64", "-d%ds" % seconds, "--latency"]
        if script:
            command += ["-s", os.path.join(HERE, script)]
        for header in headers:
            command += ["-H", header]
        command.append("http://127.0.0.1:%d%s" % (port, target))
        before, begin = cpu_seconds(pid), time.monotonic()
        client = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, **(environment or {})),
            preexec_fn=die_with_parent,
        )
        try:
            text = client.stdout.read().decode()
            _, _, usage = os.wait4(client.pid, 0)
            client.returncode = 0
        except BaseException:
            client.kill()
            raise
        took, spent = time.monotonic() - begin, cpu_seconds(pid) - before
        total = re.search(r"(\d+) requests in", text)
        rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
        if not total or not rate or not int(total.group(1)):
            raise BenchFailure("wrk: " + text[-500:])
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        return {
            "rate": float(rate.group(1)),
            "p50": percentile(text, "50%"),
            "p99": percentile(text, "99%"),
            "cpu": spent / int(total.group(1)) * 1e6,
            "server": spent / took * 100,
            "client": (usage.ru_utime + usage.ru_stime) / took * 100,
            "bad": int(bad.group(1)) if bad else 0,
            "requests": int(total.group(1)),
        }


def percentile(text, name):
    """One line of wrk's latency distribution, in microseconds."""
    found = re.search(r"^\s+%s\s+([\d.]+)(us|ms|s)\s*$" % re.escape(name), text, re.M)
    return float(found.group(1)) * NUMBER[found.group(2)] if found else float("nan")


class Responder:
    """The bare C responder, pinned; a context manager with `pid` and `port`."""

    def __init__(self, workshop):
        self.workshop = workshop

    def __enter__(self):
        self.port = free_port()
        command = self.workshop.on_server_core() + [self.workshop.path("epoll_responder"), str(self.port)]
        self.process = subprocess.Popen(command, preexec_fn=die_with_parent)
        self.pid = self.process.pid
        for _ in range(500):
            try:
                request(self.port, "GET", "/", timeout=1)
                return self
            except OSError:
                time.sleep(0.005)
        raise BenchFailure("the C responder did not start")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(5)


def pinned_server(workshop, *arguments):
    """The server under test, pinned, with room for millions of secrets."""
    return Server(*ROOMY, *arguments, wrapper=workshop.on_server_core())
