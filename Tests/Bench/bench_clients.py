"""Owns the runs of load generators: each is pinned, bounded in time, and reported with what the server's processor spent.
"""

import os
import re
import subprocess
import time

from bench_tools import HERE, BenchFailure
from onetime_harness import cpu_seconds, cpu_ticks, die_with_parent

NUMBER = {"us": 1, "ms": 1000, "s": 1_000_000}
CONNECTIONS = 64


def machine_seconds():
    """Processor time of the whole machine that was not idle, other guests' (steal) included."""
    with open("/proc/stat") as statistics:
        user, nice, system, idle, wait, irq, softirq, steal = map(int, statistics.readline().split()[1:9])
    del idle, wait
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Processor time of a server's processes between its making and `per_request`."""

    def __init__(self, pids):
        self.pids = pids
        self.machine, self.spent, self.ticks, self.begin = machine_seconds(), *self._now(), time.monotonic()

    def _now(self):
        ticks = [cpu_ticks(pid) for pid in self.pids]
        return sum(cpu_seconds(pid) for pid in self.pids), [sum(kind) for kind in zip(*ticks)]

    def per_request(self, requests, client_seconds):
        """Microseconds of each request, user and system apart; shares of time of server, client and everybody else."""
        took = time.monotonic() - self.begin
        spent, ticks = self._now()
        spent -= self.spent
        user, system = (after - before for after, before in zip(ticks, self.ticks))
        cpu = spent / requests * 1e6
        others = machine_seconds() - self.machine - spent - client_seconds
        return {
            "cpu": cpu,
            "user": cpu * user / max(1, user + system),
            "system": cpu * system / max(1, user + system),
            "server": spent / took * 100,
            "client": client_seconds / took * 100,
            "others": max(0.0, others / took * 100),
        }


def run_client(workshop, command, seconds, environment=None):
    """Runs a load generator on the client's core; (what it printed, processor seconds it used). Raises BenchFailure."""
    client = subprocess.Popen(
        workshop.on_client_core() + command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, **(environment or {})),
        preexec_fn=die_with_parent,
    )
    before = os.times()
    try:
        text = client.communicate(timeout=seconds + 60)[0].decode("utf-8", "replace")
    except BaseException:
        client.kill()
        client.wait()
        raise
    after = os.times()
    if client.returncode:
        raise BenchFailure("%s: %s" % (os.path.basename(command[0]), text[-500:].strip()))
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return text, spent


def wrk(workshop, pids, url, seconds, headers=(), script=None, environment=None):
    """wrk with 64 connections, and a script beside this file; figures. Raises BenchFailure if an answer was not 2xx or 3xx."""
    command = ["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % seconds, "--latency"]
    command += [word for header in headers for word in ("-H", header)]
    if script:
        command += ["-s", os.path.join(HERE, script)]
    meter = Meter(pids)
    text, spent = run_client(workshop, command + [url], seconds, environment)
    total = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not total or not rate or not int(total.group(1)):
        raise BenchFailure("wrk: " + text[-500:])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad:
        raise BenchFailure("wrk: %s of %s answers were no success" % (bad.group(1), total.group(1)))
    return {
        "rate": float(rate.group(1)),
        "p50": wrk_percentile(text, "50%"),
        "p99": wrk_percentile(text, "99%"),
        **meter.per_request(int(total.group(1)), spent),
    }


def wrk_percentile(text, name):
    """One line of wrk's latency distribution, in microseconds."""
    found = re.search(r"^\s+%s\s+([\d.]+)(us|ms|s)\s*$" % re.escape(name), text, re.M)
    return float(found.group(1)) * NUMBER[found.group(2)] if found else float("nan")


def words(line):
    """A line of `name number name number ...` as a dictionary."""
    parts = line.split()
    return {name: float(value) for name, value in zip(parts[::2], parts[1::2])}


def drive(workshop, pids, arguments, seconds, environment=None):
    """The load generator drive.c in a closed loop; figures. Raises BenchFailure if an answer was not 200."""
    meter = Meter(pids)
    text, spent = run_client(workshop, [workshop.path("drive")] + [str(word) for word in arguments], seconds, environment)
    found = words(text.strip().splitlines()[-1])
    if found["failed"] or not found["requests"]:
        raise BenchFailure("drive %s: %.0f of %.0f failed: %s" % (arguments[0], found["failed"], found["requests"], text[:300]))
    return {
        "rate": found["requests"] / found["seconds"],
        "p50": found["p50"],
        "p99": found["p99"],
        **meter.per_request(found["requests"], spent),
    }


def redis_benchmark(workshop, redis, command, count, keys):
    """redis-benchmark with 64 clients, unpipelined; figures. `__rand_int__` in the command is one of `keys` numbers."""
    line = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(redis.port), "-c", str(CONNECTIONS), "-n", str(count)]
    line += ["-r", str(keys), "-P", "1", "--csv"] + command
    meter = Meter(redis.pids)
    text, spent = run_client(workshop, line, 60)
    fields = re.search(r'^"(?!test")[^\n]*$', text, re.M)
    if not fields:
        raise BenchFailure("redis-benchmark: " + text[-300:])
    values = fields.group(0).strip().strip('"').split('","')
    return {
        "rate": float(values[-7]),
        "p50": float(values[-4]) * 1000,
        "p99": float(values[-2]) * 1000,
        **meter.per_request(count, spent),
    }


def script(name):
    """A file beside this one."""
    return os.path.join(HERE, name)
