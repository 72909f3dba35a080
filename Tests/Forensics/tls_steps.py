"""Owns what the forensic suite does by TLS beyond the ordinary life of a secret: uploads and downloads that stop within a
record while the process is searched, and the secrets of connections that are over.
"""

import os
import socket
import ssl
import time

from onetime_http import FORM, Connection, build, form, request, reveal
from onetime_tls import Records, connect, context, get
from steps import LIFE, create, expect, load

CONNECTIONS = 90  # more than there are protected blocks for records


def closed_connections(session):
    """What a handshake agrees on is gone with its connection, in both versions, resumed or not."""
    path = session.server.path("keys")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = context(version)
        client.keylog_filename = path
        ticket = None
        for _ in range(3):
            with connect(session.port, client, session=ticket) as secure:
                get(secure)
                ticket = secure.session
        gone = Records(session.port, client)
        gone.shake()
        gone.socket.close()
    with open(path) as file:
        for number, line in enumerate(line.split() for line in file if not line.startswith("#")):
            session.canaries.add("%s %d" % (line[0], number), bytes.fromhex(line[2]))
    os.unlink(path)


def uploads_within_a_record(session):
    """Many clients stop within a record, and within a percent escape of a content that has come by half."""
    names = ["upload %d" % number for number in range(8)]
    texts = [session.plant(name + ": content", 400) for name in names]
    for number in range(CONNECTIONS):
        version = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)[number % 2]
        client = Records(session.port, context(version))
        session.held.append(client.socket)
        client.shake()
        body = form({"secret": texts[number % len(texts)] * 150})
        data = build("POST", "/api/v1/share", [FORM, ("Content-Length", str(2 * len(body)))]) + body
        sealed = client.seal(data, (16384, 16384, 9000, 1500)[number % 4])
        client.socket.sendall(sealed[: -700 - number])
    # Some stop within a head that holds a token.
    made, _ = session.create("looked for by halves")
    for number in range(8):
        client = Records(session.port)
        session.held.append(client.socket)
        client.shake()
        client.send(build("GET", "/secret/" + made["secret_key"])[:-2])
    time.sleep(0.3)


def downloads_that_nobody_reads(session):
    """Readers who take nothing of a large answer."""
    for number in range(8):
        made, _ = session.create("unread answer %d" % number, 300_000 if number < 2 else 60_000)
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", int(session.port)))
        secure = context().wrap_socket(plain)
        session.held.append(secure)
        secure.sendall(build("POST", "/api/v1/secret/" + made["secret_key"]))
    time.sleep(0.3)
    expect(request(session.port, "GET", "/health"), 200)


def all_gone(session):
    """Everybody hangs up."""
    for connection in session.held:
        connection.close()
    session.held.clear()
    time.sleep(0.2)


def still_served(session):
    """After all that the server does what it is for."""
    made, content = session.create("after all")
    with Connection(session.port) as connection:
        expect(connection.request("GET", "/health"), 200)
    expect(reveal(session.port, made["secret_key"]), 200, content[:8].encode())


TLS_LIFE = LIFE + [closed_connections, still_served]
UNDER_WAY = [create, load, uploads_within_a_record, downloads_that_nobody_reads, all_gone, still_served]
