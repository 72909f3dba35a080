"""Owns the parts over TLS: keep-alive requests and full handshakes, beside nginx with the same certificate."""

import ssl
import subprocess

from bench_clients import CONNECTIONS, Meter, run_client, words, wrk
from bench_figures import OURS, REQUESTS, Column, Must, Part
from bench_servers import Nginx
from bench_tools import ROOMY, BenchFailure, install, offers
from onetime_harness import Server

NGINX = "nginx"
TLS_OPTION, TLS_VALUE = "--tls", "%s,%s"  # certificate and key
HEALTH = '{"status":"ok","version":"0.1.0","memory":"memfd_secret","wiped_on_free":true}'


def spoken(port):
    """TLS version and cipher that a server on 127.0.0.1 agrees to, in words. Raises OSError."""
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain) as session:
        return "%s %s" % (session.version(), session.cipher()[0])


class ServerOverTLS(Server):
    """The server under test, ready when a TLS handshake succeeds."""

    def _answers(self):
        try:
            return bool(spoken(self.port))
        except OSError:
            return False


class OverTLS(Part):
    """What both parts share: one ECDSA P-256 certificate for both servers."""

    baseline = NGINX
    charts = (("rate", "per second"), ("cpu", "server CPU for each, us"), ("p99", "p99, us"))

    def prepare(self):
        install("openssl", "openssl")
        self.identity = (self.workshop.path("certificate.pem"), self.workshop.path("key.pem"))
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        command += ["-out", self.identity[0], "-keyout", self.identity[1]]
        subprocess.run(command, capture_output=True, timeout=30, check=True)
        self.nginx = self.can("nginx", "nginx-light", "nginx")
        self.product = offers(TLS_OPTION)
        if not self.product:
            self.figures.note("%s: this executable has no %s, only nginx is measured" % (self.name, TLS_OPTION))
        self.agreed = set()

    def server(self):
        """The server under test over TLS, pinned."""
        room = [word for option, value in ROOMY.items() if offers(option) for word in (option, value)]
        wrapper = self.workshop.on_server_core()
        return ServerOverTLS(TLS_OPTION, TLS_VALUE % self.identity, *room, wrapper=wrapper)

    def measured(self, pids, port):
        """Figures of one run."""
        raise NotImplementedError

    def ours(self):
        """The server under test."""
        with self.server() as server:
            return self.checked([server.pid], server.port)

    def by_nginx(self):
        """nginx."""
        with Nginx(self.workshop, HEALTH, self.identity) as server:
            return self.checked(server.pids, server.port)

    def checked(self, pids, port):
        """Figures of one run, if both servers speak the same."""
        self.agreed.add(spoken(port))
        self.remark = "Agreed to: %s." % ", ".join(sorted(self.agreed))
        return self.measured(pids, port)

    def contenders(self):
        return ([(NGINX, self.by_nginx)] if self.nginx else []) + ([(OURS, self.ours)] if self.product else [])


class KeepAlive(OverTLS):
    """GET /health over TLS by wrk."""

    name = "tls"
    title = "GET /health over TLS, %d keep-alive connections, wrk" % CONNECTIONS

    def prepare(self):
        install("wrk", "wrk")
        super().prepare()

    def measured(self, pids, port):
        return wrk(self.workshop, pids, "https://127.0.0.1:%d/health" % port, self.seconds)

    def musts(self):
        return [
            Must("tls: requests per second / nginx", self.figures.ratio(self.name, OURS, NGINX, "rate"), least=0.9),
            Must("tls: CPU per request, nginx / ours", self.figures.ratio(self.name, NGINX, OURS, "cpu"), least=0.9),
        ]


class Handshakes(OverTLS):
    """Full TLS 1.3 handshakes."""

    name = "handshakes"
    title = "full TLS 1.3 handshake, one request, close; %d at a time" % CONNECTIONS
    helpers = ("handshakes",)
    columns = [Column("rate", "handshakes/s")] + REQUESTS[1:]

    def measured(self, pids, port):
        meter = Meter(pids)
        command = [self.workshop.path("handshakes"), str(port), str(self.seconds), str(CONNECTIONS)]
        text, spent = run_client(self.workshop, command, self.seconds)
        found = words(text.strip().splitlines()[-1])
        if found["failed"] or not found["requests"]:
            raise BenchFailure("%.0f of %.0f handshakes failed: %s" % (found["failed"], found["requests"], text[:300]))
        return {
            "rate": found["requests"] / found["seconds"],
            "p50": found["p50"],
            "p99": found["p99"],
            **meter.per_request(found["requests"], spent),
        }

    def musts(self):
        rate = self.figures.ratio(self.name, OURS, NGINX, "rate")
        cpu = self.figures.ratio(self.name, NGINX, OURS, "cpu")
        return [
            Must("handshakes: per second / nginx", rate, least=0.9),
            Must("handshakes: per second of server CPU / nginx", cpu, least=0.9),
        ]
