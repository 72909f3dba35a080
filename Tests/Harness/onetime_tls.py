"""Owns the client side of TLS for the suites: contexts, certificates made by the openssl command, and a client that
decides itself which bytes go into which record and which records into which segment.
"""

import hashlib
import os
import re
import select
import socket
import ssl
import subprocess
import time
import warnings

from onetime_http import Connection

warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is asked for only to see it refused
LEAF = "subjectAltName=%s\nextendedKeyUsage=serverAuth"


def context(version=None, ciphers=None, protocols=None, authority=None):
    """A client's context; without an authority it takes any certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        made.load_verify_locations(authority)
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if version:
        made.minimum_version = made.maximum_version = version
    if ciphers:
        made.set_ciphers(ciphers)
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def connect(port, client=None, name=None, session=None, timeout=10.0):
    """A shaken connection. Raises ssl.SSLError or OSError."""
    plain = socket.create_connection(("127.0.0.1", int(port)), timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        return (client or context()).wrap_socket(plain, server_hostname=name, session=session)
    except OSError:
        plain.close()
        raise


def refusal(port, client, name=None):
    """What libssl calls the reason why a handshake failed; None if it did not fail, "closed" without an alert."""
    try:
        connect(port, client, name).close()
        return None
    except ssl.SSLError as reason:
        # Python has no name of its own for some alerts, and tells them in words.
        return reason.reason or re.sub(r"^\[SSL\] | \(_ssl.*", "", str(reason))
    except OSError:
        return "closed"


def get(secure, target="/health", host="localhost"):
    """One GET on a connection that is shaken already."""
    return exchange(secure, ("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, host)).encode())


def exchange(secure, data, method="GET"):
    """Sends bytes on a connection that is shaken already, and reads one answer."""
    if data:
        secure.sendall(data)
    return wrapped(secure).response(method)


def wrapped(secure):
    """A Connection around a shaken connection."""
    connection = Connection.__new__(Connection)
    connection.port, connection.socket, connection.buffer = secure.getpeername()[1], secure, b""
    return connection


def shown(port, name=None, client=None):
    """The SHA-256 fingerprint of the certificate that a client gets to see."""
    with connect(port, client, name) as secure:
        return hashlib.sha256(secure.getpeercert(True)).hexdigest()


class Records:
    """A client with its hands on the records: what libssl wants to send comes out as bytes, and goes when told to."""

    def __init__(self, port, client=None, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", int(port)), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.inward, self.outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = (client or context()).wrap_bio(self.inward, self.outward)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def shake(self, piece=65536, pause=0.0):
        """The whole handshake, sent in pieces of so many bytes."""
        while True:
            try:
                self.session.do_handshake()
                self.flush(piece, pause)
                return self
            except ssl.SSLWantReadError:
                self.flush(piece, pause)
                self.fill()

    def flush(self, piece=65536, pause=0.0):
        """Sends what libssl wants to send, in pieces."""
        data = self.outward.read()
        for start in range(0, len(data), piece):
            self.socket.sendall(data[start : start + piece])
            if pause:
                time.sleep(pause)

    def fill(self):
        """Takes what came. False at the end of the stream."""
        data = self.socket.recv(65536)
        if data:
            self.inward.write(data)
        else:
            self.inward.write_eof()
        return bool(data)

    def seal(self, data, record=16384):
        """The bytes of records with so much content each."""
        for start in range(0, len(data), record):
            self.session.write(data[start : start + record])
        return self.outward.read()

    def send(self, data, record=16384, piece=65536):
        """Sends content in records of one size, and these in pieces of another."""
        for start in range(0, len(data), 65536):
            sealed = self.seal(data[start : start + 65536], record)
            for begin in range(0, len(sealed), piece):
                self.socket.sendall(sealed[begin : begin + piece])

    def receive(self, until=None, timeout=10.0):
        """Content up to a number of bytes or to the end; (content, end): "close_notify", "cut", an alert, or None."""
        content = b""
        limit = time.monotonic() + timeout
        while until is None or len(content) < until:
            try:
                part = self.session.read(65536)
                if not part:
                    return content, "close_notify"
                content += part
            except ssl.SSLWantReadError:
                if not select.select([self.socket], [], [], max(0, limit - time.monotonic()))[0]:
                    return content, None
                try:
                    self.fill()
                except ConnectionError:
                    return content, "reset"
            except ssl.SSLZeroReturnError:
                return content, "close_notify"
            except ssl.SSLEOFError:
                return content, "cut"
            except ssl.SSLError as reason:
                return content, reason.reason
        return content, None


def openssl(*arguments, data=None):
    """Runs the openssl command. Raises CalledProcessError."""
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True, timeout=60).stdout


class Certificates:
    """A folder of certificates and keys: an authority, one below it, and what these sign."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = self.make("authority", None, issuer=None)
        self.between = self.make("between", None, issuer="authority")

    def path(self, name):
        """A file of the folder."""
        return os.path.join(self.folder, name)

    def write(self, name, *sources):
        """A file of the contents of others."""
        content = b"".join(open(self.path(source), "rb").read() for source in sources)
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def make(self, name, alternatives, kind="P-256", issuer="between"):
        """NAME.pem (with the one between behind it) and NAME.key; `alternatives` None makes an authority. Returns --tls's
        value."""
        certificate, key = self.path(name + ".crt"), self.path(name + ".key")
        kinds = ["RSA", "-pkeyopt", "rsa_keygen_bits:" + kind[4:]]
        if not kind.startswith("RSA-"):
            kinds = ["EC", "-pkeyopt", "ec_paramgen_curve:" + kind]
        openssl("genpkey", "-algorithm", *kinds, "-out", key)
        request = openssl("req", "-new", "-key", key, "-subj", "/CN=" + name)
        with open(self.path("extensions"), "w") as file:
            file.write(LEAF % alternatives if alternatives else "basicConstraints=critical,CA:TRUE")
        signed = ["-signkey", key]
        if issuer:
            signed = ["-CA", self.path(issuer + ".crt"), "-CAkey", self.path(issuer + ".key"), "-CAcreateserial"]
        openssl(
            "x509", "-req", "-days", "2", "-extfile", self.path("extensions"), "-out", certificate, *signed, data=request
        )
        self.write(name + ".pem", name + ".crt", *(["between.crt"] if issuer == "between" else []))
        return self.pair(name)

    def pair(self, name):
        """The value of --tls for a certificate of the folder."""
        return "%s,%s" % (self.path(name + ".pem"), self.path(name + ".key"))

    def fingerprint(self, name):
        """SHA-256 over the certificate's DER form."""
        return hashlib.sha256(openssl("x509", "-in", self.path(name + ".crt"), "-outform", "DER")).hexdigest()
