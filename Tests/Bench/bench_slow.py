"""Owns the part about slow clients: slowhttptest in three modes, and the latency that everybody else sees meanwhile."""

import os
import subprocess
import time

from bench_clients import Meter, words
from bench_figures import Column, Must, Part
from bench_tools import BenchFailure, install, pinned_server
from onetime_harness import die_with_parent

SLOW = 5000
CALM = "nobody slow"
MODES = {
    CALM: None,
    "slow header": ["-H", "-i", "5", "-x", "24", "-t", "GET"],
    "slow body": ["-B", "-i", "5", "-x", "24", "-s", "8192", "-t", "POST"],
    "slow read": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "10"],
}
TARGETS = {"slow header": "/", "slow body": "/api/v1/share", "slow read": "/"}
ARRIVALS = 2500  # slow connections a second
GATHERING = 6  # seconds; short of the server's patience with a head
OTHERS = (("get", 1000, 16), ("create", 500, 16))  # what everybody else does: action, requests a second, connections


class Slow(Part):
    """Other clients' latency beside 5 000 slow connections."""

    name = "slow"
    title = "%d slow connections by slowhttptest; others: /health %d/s and creates %d/s at a constant rate" % (
        SLOW,
        OTHERS[0][1],
        OTHERS[1][1],
    )
    helpers = ("drive",)
    columns = [
        Column("held", "slow connections held"),
        Column("refused", "refused of others"),
        Column("get_p50", "health p50 us"),
        Column("get_p99", "health p99 us"),
        Column("get_worst", "health worst us"),
        Column("create_p50", "create p50 us"),
        Column("create_p99", "create p99 us"),
        Column("create_worst", "create worst us"),
        Column("server", "server %"),
    ]
    charts = (("get_p99", "p99 of others' /health, us"), ("create_p99", "p99 of others' creates, us"))
    remark = "slowhttptest shares the clients' core, at the lowest priority once all are connected."

    def prepare(self):
        install("slowhttptest", "slowhttptest")
        if self.workshop.open_files < SLOW + 200:
            raise BenchFailure("open files are limited to %d" % self.workshop.open_files)

    def contenders(self):
        return [(mode, lambda mode=mode: self.measure(mode)) for mode in MODES]

    def spawn(self, command, environment=None):
        """A process on the clients' core."""
        return subprocess.Popen(
            self.workshop.on_client_core() + command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, **(environment or {})),
            preexec_fn=die_with_parent,
        )

    def attack(self, mode, port):
        """slowhttptest in one mode, None where nobody is slow."""
        if MODES[mode] is None:
            return None
        url = "http://127.0.0.1:%d%s" % (port, TARGETS[mode])
        command = ["slowhttptest", "-c", str(SLOW), "-r", str(ARRIVALS), "-l", "60", "-p", "5", "-u", url]
        attack = self.spawn(command + MODES[mode])
        attack.stdout.close()
        return attack

    def gather(self, attack, pid):
        """Waits until the slow ones have arrived; how many files the server has open then."""
        begin = time.monotonic()
        while open_files(pid) < SLOW and time.monotonic() - begin < GATHERING:
            time.sleep(0.05)
        os.setpriority(os.PRIO_PROCESS, attack.pid, 19)
        if open_files(pid) < SLOW * 0.9:
            self.figures.note("slow: only %d of %d slow connections arrived in time" % (open_files(pid), SLOW))
        return open_files(pid)

    def measure(self, mode):
        """One mode; figures."""
        with pinned_server(self.workshop) as server:
            attack, clients = self.attack(mode, server.port), []
            try:
                held = self.gather(attack, server.pid) if attack else open_files(server.pid)
                meter = Meter([server.pid])
                for action, rate, width in OTHERS:
                    command = [self.workshop.path("drive"), action, str(server.port), str(self.seconds + 1)]
                    settings = {"DRIVE_RATE": str(rate), "DRIVE_CONNECTIONS": str(width)}
                    clients.append(self.spawn(command, settings))
                time.sleep(self.seconds / 2)
                held = (held + open_files(server.pid)) / 2
                figures = {"held": held, "refused": 0}
                for (action, _, _), client in zip(OTHERS, clients):
                    text = client.communicate(timeout=self.seconds + 60)[0].decode()
                    if client.returncode:
                        raise BenchFailure("others beside %s: %s: %s" % (mode, action, text[-300:]))
                    found = words(text.strip().splitlines()[-1])
                    figures["refused"] += found["failed"]
                    figures.update({"%s_%s" % (action, key): found[key] for key in ("p50", "p99", "worst")})
                figures["server"] = meter.per_request(1, 0)["server"]
                return figures
            finally:
                for process in clients + ([attack] if attack else []):
                    process.kill()
                    process.wait()

    def musts(self):
        found = []
        for mode in MODES:
            if mode == CALM:
                continue
            worst = [self.figures.median(self.name, mode, key) for key in ("get_p99", "create_p99")]
            value = max(worst) / 1000 if None not in worst else None
            found.append(Must("slow: others' p99 in ms beside 5 000 connections, %s" % mode, value, most=50))
        refused = max((run for mode in MODES for run in self.figures.values(self.name, mode, "refused")), default=None)
        found.append(Must("slow: requests of others that were refused (worst run)", refused, most=0, digits=0))
        return found


def open_files(pid):
    """How many files, and so connections, a process has open (a handful are no connections)."""
    return len(os.listdir("/proc/%d/fd" % pid))
