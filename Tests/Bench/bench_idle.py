"""Owns the part about idling: the start, memory without and with 10 000 idle connections, and requests beside those."""

import os
import subprocess
import time

from bench_clients import words
from bench_figures import OURS, Column, Must, Part
from bench_tools import BenchFailure, pinned_server
from onetime_harness import Server, die_with_parent

IDLE = 10_000
RATE = 20_000
STARTS = 7


class Idle(Part):
    """Start, idle memory, idle connections."""

    name = "memory"
    title = "start to the first 200; resident memory idle, with %d idle connections, and with %d requests/s beside them" % (
        IDLE,
        RATE,
    )
    helpers = ("drive",)
    columns = [
        Column("start", "start ms", 1),
        Column("idle", "idle MB", 1),
        Column("held", "MB with idle connections", 1),
        Column("loaded", "MB under load too", 1),
        Column("bytes", "bytes per idle connection"),
        Column("rate", "requests/s beside"),
        Column("p50", "p50 us"),
        Column("p99", "p99 us"),
        Column("p999", "p99.9 us"),
        Column("alive", "idle ones alive at the end"),
    ]
    charts = (("held", "resident MB with idle connections"), ("p99", "p99 beside idle connections, us"))

    def prepare(self):
        self.idle = IDLE
        if self.workshop.open_files < IDLE + 200:
            self.idle = self.workshop.open_files - 200
            self.figures.note("memory: open files are limited: only %d idle connections" % self.idle)

    def contenders(self):
        return [(OURS, self.measure)]

    def measure(self):
        """One start after the other, then the idle connections."""
        starts = []
        for _ in range(STARTS):
            with Server() as server:
                starts.append(server.started_in * 1000)
        figures = {"start": sorted(starts)[STARTS // 2]}
        with pinned_server(self.workshop) as server:
            server.request("GET", "/health")
            time.sleep(1)  # pages of the protected memory are backed in the background after the start
            resident = lambda: server.rss_kib() * 1024 / 1e6  # noqa: E731
            figures["idle"] = resident()
            settings = {"DRIVE_IDLE": self.idle, "DRIVE_RATE": RATE}
            client = subprocess.Popen(
                self.workshop.on_client_core() + [self.workshop.path("drive"), "get", str(server.port), str(self.seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, **{key: str(value) for key, value in settings.items()}),
                preexec_fn=die_with_parent,
            )
            try:
                line = client.stdout.readline().decode()
                if line.strip() != "idle %d" % self.idle:
                    raise BenchFailure("idle connections: " + line + client.stdout.read().decode()[-300:])
                time.sleep(0.5)
                figures["held"] = resident()
                figures["bytes"] = (figures["held"] - figures["idle"]) * 1e6 / self.idle
                text = client.communicate(b"\n", timeout=self.seconds + 30)[0].decode()
            finally:
                client.kill()
                client.wait()
            figures["loaded"] = resident()
        if client.returncode:
            raise BenchFailure("load beside idle connections: " + text[-300:])
        found = words(text.strip().splitlines()[-1])
        if found["failed"]:
            raise BenchFailure("%.0f requests beside idle connections failed" % found["failed"])
        figures.update({key: found[key] for key in ("p50", "p99", "p999")})
        figures["rate"] = found["requests"] / found["seconds"]
        figures["alive"] = found["idle"]
        return figures

    def musts(self):
        median = lambda key: self.figures.median(self.name, OURS, key)  # noqa: E731
        return [
            Must("memory: MB with %d idle connections" % self.idle, median("held"), most=30, digits=1),
            Must("memory: idle connections that still answer", median("alive"), least=self.idle, digits=0),
            Must("memory: requests/s beside them", median("rate"), least=RATE * 0.99, digits=0),
        ]
