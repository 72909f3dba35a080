"""Owns the part about large bodies: 1 GiB in 100 uploads at once with little locked memory, then all of it revealed."""

import subprocess
import sys

from bench_clients import Meter, script, words
from bench_figures import OURS, Column, Must, Part
from bench_tools import BenchFailure, pinned_server
from onetime_harness import die_with_parent, memory_kib

UPLOADS = 100
TOTAL = 1 << 30
OPTIONS = ["--locked-memory", "8M", "--max-content", "16M", "--max-bytes", "4G"]


class Bodies(Part):
    """Large uploads and reveals, all at once."""

    name = "bodies"
    title = "%d MiB in %d uploads at once, with %s; then all revealed at once and compared" % (
        TOTAL >> 20,
        UPLOADS,
        " ".join(OPTIONS[:2]),
    )
    columns = [
        Column("refused", "uploads refused"),
        Column("reveals_refused", "reveals refused"),
        Column("lost", "lost or changed"),
        Column("up", "upload MB/s"),
        Column("up_cpu", "upload CPU s/GiB", 2),
        Column("down", "reveal MB/s"),
        Column("down_cpu", "reveal CPU s/GiB", 2),
        Column("peak", "peak resident MB"),
        Column("others", "others %"),
    ]
    charts = (("up", "upload, MB/s"), ("down", "reveal, MB/s"))

    def contenders(self):
        return [(OURS, self.measure)]

    def measure(self):
        """One gibibyte up and down."""
        size = TOTAL // UPLOADS
        with pinned_server(self.workshop, *OPTIONS) as server:
            meter = Meter([server.pid])
            client = subprocess.Popen(
                self.workshop.on_client_core()
                + [sys.executable, script("upload_client.py"), str(server.port), str(UPLOADS), str(size)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                preexec_fn=die_with_parent,
            )
            try:
                lines = []
                for go_on in (b"\n", b"\n", b""):
                    line = client.stdout.readline().decode()
                    if not line:
                        raise BenchFailure("the upload client ended early")
                    found = words(line)
                    lines.append((found, meter.per_request(1, found.get("client", 0))))
                    meter = Meter([server.pid])
                    client.stdin.write(go_on)
                    client.stdin.flush()
                client.wait(30)
            finally:
                client.kill()
                client.wait()
            peak = memory_kib(server.pid, "VmHWM") * 1024 / 1e6
        (_, _), (up, up_cost), (down, down_cost) = lines
        kept = up["good"] * size
        return {
            "refused": up["refused"],
            "reveals_refused": down["refused"],
            "lost": up["lost"] + down["lost"],
            "up": kept / up["seconds"] / 1e6,
            "up_cpu": up_cost["cpu"] / 1e6 / (TOTAL / 2**30),
            "down": down["good"] * size / max(down["seconds"], 1e-3) / 1e6,
            "down_cpu": down_cost["cpu"] / 1e6 / max(down["good"] * size / 2**30, 1e-9) if down["good"] else None,
            "peak": peak,
            "others": up_cost["others"],
        }

    def musts(self):
        most = lambda key: max(self.figures.values(self.name, OURS, key), default=None)  # noqa: E731
        return [
            Must("bodies: uploads refused of %d (worst round)" % UPLOADS, most("refused"), most=0, digits=0),
            Must("bodies: reveals refused (worst round)", most("reveals_refused"), most=0, digits=0),
            Must("bodies: lost or changed (worst round)", most("lost"), most=0, digits=0),
        ]
