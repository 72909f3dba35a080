"""Many handshakes at once, each with a signature that takes longer than a turn may: whoever is connected comes first, then
whoever is about to be. Nothing is timed here; the kernel tells which answer came first."""

import signal
import socket
import statistics
import struct
import tempfile

from onetime_harness import Server
from onetime_http import build
from onetime_tls import Certificates, Records

CROWD, ROUNDS = 24, 5
HEALTH = build("GET", "/health")
SO_TIMESTAMPNS = 35


class Client(Records):
    """One whose answers are dated by the kernel."""

    def __init__(self, server):
        super().__init__(server.port)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def knock(self):
        """The beginning of the handshake, without waiting for what comes back."""
        try:
            self.session.do_handshake()
        except OSError:
            self.flush()

    def almost(self):
        """All of the handshake but what this side sends at its end."""
        while True:
            try:
                return self.session.do_handshake()
            except OSError:
                self.flush()
                self.fill()

    def came(self):
        """When what waits to be read came, in nanoseconds."""
        for level, kind, data in self.socket.recvmsg(65536, 1024, socket.MSG_PEEK)[1]:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", data)
                return seconds * 1_000_000_000 + nanoseconds
        raise OSError("the kernel dates nothing")


def overtaken(results, server, name, late):
    """Has a crowd knock while the server is stopped, and `late` ask for /health after it: how many of the crowd are answered
    before."""
    crowd = [Client(server) for _ in range(CROWD)]
    # An answer to one more says that the server has accepted them.
    server.request("GET", "/health")
    try:
        server.signal(signal.SIGSTOP)
        for client in crowd:
            client.knock()
        late.session.write(HEALTH)
        late.flush()
        server.signal(signal.SIGCONT)
        begin = late.came()
        before = sum(client.came() < begin for client in crowd)
        results.equal(late.receive(12)[0][:12], b"HTTP/1.1 200", name + ": is answered")
        return before
    finally:
        server.signal(signal.SIGCONT)
        for client in crowd + [late]:
            client.socket.close()


def crowds(results):
    """Both, with RSA-4096."""
    with tempfile.TemporaryDirectory() as folder:
        pair = Certificates(folder).make("large", "IP:127.0.0.1", "RSA-4096")
        with Server("--tls", pair) as server:
            for name in ("connected", "about to be"):
                counts = []
                for _ in range(ROUNDS):
                    late = Client(server)
                    late.almost()
                    if name == "connected":
                        late.send(HEALTH)
                        late.receive(100)
                    counts.append(overtaken(results, server, name, late))
                print("    %s: answered before, of a crowd of %d: %s" % (name, CROWD, counts))
                results.equal(statistics.median(counts), 0, name + ": comes before the crowd's handshakes")
            results.check(server.alive(), "the server is there after the crowds")


TESTS = [crowds]
