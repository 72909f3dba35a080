"""Owns what the benchmarks share: the workshop with its compiled helpers, the pinned server under test, the load generator.
"""

import functools
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Harness"))
from onetime_harness import Server, binary_path  # noqa: E402

# Room for millions of secrets; those that an executable does not have are left out.
ROOMY = {"--max-secrets": "20000000", "--max-bytes": "20000000000"}
HELPERS = {"epoll_responder": (), "load": (), "drive": (), "handshakes": ("-lssl", "-lcrypto")}


class BenchFailure(Exception):
    """A run that proves nothing: errors, too few keys, a missing program."""


def install(program, package):
    """Installs a Debian package if its program is missing. Raises BenchFailure."""
    if shutil.which(program):
        return
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "--no-install-recommends", package]):
        try:
            environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
            subprocess.run(command, env=environment, capture_output=True, timeout=300, check=False)
        except (OSError, subprocess.TimeoutExpired):
            break
    if not shutil.which(program):
        raise BenchFailure("%s is missing, and Debian's package %s could not be installed" % (program, package))


@functools.lru_cache(maxsize=None)
def help_text():
    """What the executable under test says about its options."""
    return subprocess.run([binary_path(), "--help"], capture_output=True, timeout=10, check=True).stdout.decode()


def offers(option):
    """Whether the executable under test has an option."""
    return re.search(r"^\s+%s\b" % re.escape(option), help_text(), re.M) is not None


class Workshop:
    """A temporary directory with the compiled helpers; a context manager. Lifts the limit of open files as far as it may."""

    def __init__(self, helpers=("load",)):
        self.helpers = helpers

    def __enter__(self):
        install("cc", "gcc")
        install("taskset", "util-linux")
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.open_files = most
        self.directory = tempfile.mkdtemp(prefix="onetime-bench-")
        for name in self.helpers:
            self.compile(name)
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.client_core = cores[0], cores[1 if len(cores) > 1 else 0]
        if len(cores) < 2:
            print("only one core: server and client share it, the numbers say little", flush=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory, ignore_errors=True)

    def compile(self, name):
        """Compiles a helper. Raises BenchFailure."""
        command = ["cc", "-O2", "-o", self.path(name), os.path.join(HERE, name + ".c"), *HELPERS[name]]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise BenchFailure("%s.c does not compile: %s" % (name, done.stderr.decode()[:400]))

    def path(self, name):
        """A file of this workshop."""
        return os.path.join(self.directory, name)

    def on_server_core(self):
        """The wrapper that pins a server."""
        return ["taskset", "-c", str(self.server_core)]

    def on_client_core(self):
        """The wrapper that pins a client."""
        return ["taskset", "-c", str(self.client_core)]

    def load(self, action, port, keys, count=None, size=None, connections=16, depth=16, fields=""):
        """Runs the load generator; (requests answered well, seconds). `fields` go along with what is created. Raises BenchFailure
        if a request failed."""
        environment = dict(os.environ, LOAD_CONNECTIONS=str(connections), LOAD_DEPTH=str(depth), LOAD_FIELDS=fields)
        command = self.on_client_core() + [self.path("load"), action, str(port), keys]
        command += [str(value) for value in (count, size) if value is not None]
        done = subprocess.run(command, capture_output=True, env=environment, timeout=400, check=False)
        found = re.search(r"ok (\d+) failed (\d+) seconds ([\d.]+)", done.stdout.decode())
        if done.returncode or not found:
            raise BenchFailure("load %s: %s%s" % (action, done.stdout.decode(), done.stderr.decode()[:600]))
        return int(found.group(1)), float(found.group(3))

    def fill(self, port, keys, count, fields=""):
        """Creates `count` secrets of 256 bytes and leaves their keys in the file `keys`."""
        if os.path.exists(keys):
            os.unlink(keys)
        self.load("create", port, keys, count, fields=fields)


def pinned_server(workshop, *arguments):
    """The server under test, pinned, with room for millions of secrets; `arguments` are stronger than that."""
    room = [word for option, value in ROOMY.items() if offers(option) and option not in arguments for word in (option, value)]
    return Server(*room, *arguments, wrapper=workshop.on_server_core())
