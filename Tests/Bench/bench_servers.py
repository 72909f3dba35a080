"""Owns the baselines: the bare C responder, nginx and redis-server, each pinned to the server's core, quiet, without disk.
"""

import os
import signal
import socket
import subprocess
import time

from bench_tools import BenchFailure
from onetime_harness import die_with_parent, free_port

NGINX = """
daemon off;
worker_processes 1;
pid %(directory)s/pid;
error_log %(directory)s/errors;
events { worker_connections 16384; multi_accept on; }
http {
    access_log off;
    sendfile on;
    tcp_nodelay on;
    keepalive_timeout 60;
    keepalive_requests 1000000000;
    open_file_cache max=100;
    default_type application/octet-stream;
    client_body_temp_path %(directory)s/body;
    proxy_temp_path %(directory)s/proxy;
    fastcgi_temp_path %(directory)s/fastcgi;
    uwsgi_temp_path %(directory)s/uwsgi;
    scgi_temp_path %(directory)s/scgi;
    server {
        listen 127.0.0.1:%(port)d%(tls)s backlog=4096;
        %(identity)s
        root %(directory)s/root;
        location = /health { default_type application/json; return 200 '%(health)s'; }
    }
}
"""
IDENTITY = "ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3;"


def descendants(pid):
    """A process and all below it."""
    found = [pid]
    with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
        for child in children.read().split():
            found += descendants(int(child))
    return found


class Baseline:
    """A pinned process that listens on `port`; a context manager with `pids`."""

    program = ""

    def __init__(self, workshop):
        self.workshop = workshop
        self.process = None

    def command(self):
        """The command that listens on self.port."""
        raise NotImplementedError

    def __enter__(self):
        self.port = free_port()
        self.process = subprocess.Popen(
            self.workshop.on_server_core() + self.command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                time.sleep(0.05)
                self.pids = descendants(self.process.pid)
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.005)
        self.__exit__()
        raise BenchFailure("%s did not start: %s" % (self.program, self.complaint()))

    def complaint(self):
        """What it left about a start that failed."""
        return "no reason given"

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in descendants(self.process.pid)[::-1]:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


class Responder(Baseline):
    """The bare C responder, whose answers have `body` bytes of content."""

    program = "the C responder"

    def __init__(self, workshop, body):
        super().__init__(workshop)
        self.body = body

    def command(self):
        return [self.workshop.path("epoll_responder"), str(self.port), str(self.body)]


class Nginx(Baseline):
    """nginx with one worker: /health by `return`, /200 a static file of 200 bytes; over TLS if given (certificate, key)."""

    program = "nginx"

    def __init__(self, workshop, health, identity=None):
        super().__init__(workshop)
        self.health, self.identity = health, identity

    def command(self):
        self.directory = self.workshop.path("nginx-%d" % self.port)
        os.makedirs(self.directory + "/root")
        os.chmod(self.workshop.directory, 0o755)  # its worker is nobody
        with open(self.directory + "/root/200", "w") as file:
            file.write("x" * 200)
        facts = {"directory": self.directory, "port": self.port, "health": self.health}
        facts["tls"] = " ssl" if self.identity else ""
        facts["identity"] = IDENTITY % self.identity if self.identity else ""
        with open(self.directory + "/conf", "w") as file:
            file.write(NGINX % facts)
        return ["nginx", "-p", self.directory, "-c", self.directory + "/conf", "-e", self.directory + "/errors"]

    def complaint(self):
        with open(self.directory + "/errors") as file:
            return file.read()[-400:]


class Redis(Baseline):
    """redis-server without persistence."""

    program = "redis-server"

    def command(self):
        quiet = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", self.workshop.directory]
        return ["redis-server", "--port", str(self.port)] + quiet

    def ask(self, *command):
        """One command by redis-cli; its answer."""
        line = ["redis-cli", "-p", str(self.port), *command]
        return subprocess.run(line, capture_output=True, timeout=60, check=True).stdout.decode().strip()
