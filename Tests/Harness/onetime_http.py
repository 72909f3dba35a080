"""Owns the client side of HTTP/1.1 for the suites: raw sockets, strict reading of answers, and the calls of API v1.

Nothing here corrects what the server sends: an answer without CRLF, without a length or with bytes too many is an
error.
"""

import json
import socket
import ssl
from urllib.parse import quote_from_bytes, quote_plus

MAXIMUM_HEAD = 65536


class ProtocolError(OSError):
    """The server sent something that is no HTTP/1.1 answer, or closed in the middle of one."""


class Response:
    """One answer. Header names are lower case; `raw_head` is the head as it came."""

    def __init__(self, status, reason, headers, body, raw_head, interim):
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.raw_head = raw_head
        self.interim = interim

    def header(self, name):
        """The value of a header, None if it is missing; several are joined by commas."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None

    def json(self):
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body.decode("utf-8"))

    def text(self):
        """The body as UTF-8 text."""
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return "<%d %r>" % (self.status, self.body[:200])


class SecurePort(int):
    """A port that speaks TLS: whoever connects to it shakes hands first, and takes any certificate."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def origin(port):
    """What a browser calls a server on 127.0.0.1."""
    return "%s://127.0.0.1:%d" % ("https" if isinstance(port, SecurePort) else "http", port)


class Connection:
    """One connection to a server on 127.0.0.1, by TLS if its port is a SecurePort."""

    def __init__(self, port, timeout=10.0):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", int(port)), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if isinstance(port, SecurePort):
            self.socket = port.context.wrap_socket(self.socket)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection."""
        self.socket.close()

    def send(self, data):
        """Sends all bytes."""
        self.socket.sendall(data)

    def finish_sending(self):
        """Half-closes: no more bytes will come from here."""
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        data = self.socket.recv(262144)
        if not data:
            raise ProtocolError("closed after %d bytes: %r" % (len(self.buffer), self.buffer[:200]))
        self.buffer += data

    def _take(self, count):
        if len(self.buffer) < count:
            parts, have = [self.buffer], len(self.buffer)
            while have < count:
                data = self.socket.recv(262144)
                if not data:
                    raise ProtocolError("closed after %d of %d body bytes" % (have, count))
                parts.append(data)
                have += len(data)
            self.buffer = b"".join(parts)
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _take_line(self):
        while b"\r\n" not in self.buffer:
            self._more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def response(self, method="GET"):
        """Reads one answer (and the 1xx before it) to the request with this method."""
        interim = []
        while True:
            response = self._one(method)
            if response.status >= 200:
                response.interim = interim
                return response
            interim.append(response.status)

    def _one(self, method):
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > MAXIMUM_HEAD:
                raise ProtocolError("endless head")
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status, reason, headers = parse_head(head)
        names = [name for name, _ in headers]
        body = b""
        if status >= 200 and status not in (204, 304) and method != "HEAD":
            if "transfer-encoding" in names:
                body = self._chunked()
            elif names.count("content-length") == 1:
                body = self._take(int(dict(headers)["content-length"]))
            else:
                raise ProtocolError("an answer without one length: %r" % head[:300])
        return Response(status, reason, headers, body, head + b"\r\n\r\n", [])

    def _chunked(self):
        body = b""
        while True:
            size = int(self._take_line().split(b";")[0], 16)
            if size == 0:
                while self._take_line():
                    pass
                return body
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise ProtocolError("chunk without CRLF")

    def closed(self, timeout=5.0):
        """Whether the server closes within `timeout` seconds without sending another byte."""
        self.socket.settimeout(timeout)
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except OSError:
            return False

    def request(self, method, target, headers=(), body=None, host=None):
        """Sends one request and reads its answer."""
        self.send(build(method, target, headers, body, host or "127.0.0.1:%d" % self.port))
        return self.response(method)


def parse_head(head):
    """(status, reason, [(lower-case name, value)]) of an answer's head without its last CRLFs. Raises ProtocolError."""
    lines = head.split(b"\r\n")
    parts = lines[0].split(b" ", 2)
    if len(parts) < 2 or parts[0] not in (b"HTTP/1.1", b"HTTP/1.0") or not parts[1].isdigit() or len(parts[1]) != 3:
        raise ProtocolError("no status line: %r" % lines[0][:200])
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or b"\n" in line or b"\0" in line:
            raise ProtocolError("no header field: %r" % line[:200])
        headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
    return int(parts[1]), (parts[2] if len(parts) > 2 else b"").decode("latin-1"), headers


def build(method, target, headers=(), body=None, host="127.0.0.1"):
    """The bytes of a well-formed request. A body gets its Content-Length unless a header says how long it is."""
    lines = ["%s %s HTTP/1.1" % (method, target), "Host: " + host]
    lines += ["%s: %s" % field for field in headers]
    given = {name.lower() for name, _ in headers}
    if (body is not None or method in ("POST", "PUT")) and not given & {"content-length", "transfer-encoding"}:
        lines.append("Content-Length: %d" % len(body or b""))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def request(port, method, target, headers=(), body=None, host=None, timeout=10.0):
    """One request on a connection of its own."""
    with Connection(port, timeout) as connection:
        return connection.request(method, target, headers, body, host)


FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")


def as_bytes(value):
    """Text as UTF-8, numbers as digits, bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def form(fields):
    """application/x-www-form-urlencoded of a dictionary or of pairs; values may be bytes."""
    pairs = fields.items() if isinstance(fields, dict) else fields
    return "&".join(quote_plus(as_bytes(k)) + "=" + quote_plus(as_bytes(v)) for k, v in pairs).encode("ascii")


def query(fields):
    """The same for a query string, with %20 for a space."""
    return "&".join(
        quote_from_bytes(as_bytes(k), "") + "=" + quote_from_bytes(as_bytes(v), "") for k, v in fields.items()
    )


def multipart(fields, boundary="----onetime7MA4YWxkTrZu0gW"):
    """(header, body) of multipart/form-data."""
    body = b""
    for name, value in fields.items():
        body += ('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n' % (boundary, name)).encode()
        body += as_bytes(value) + b"\r\n"
    body += ("--%s--\r\n" % boundary).encode()
    return ("Content-Type", "multipart/form-data; boundary=" + boundary), body


def json_body(value, ensure_ascii=False):
    """A JSON body; with `ensure_ascii` every other character is escaped, pairs of surrogates included."""
    return json.dumps(value, ensure_ascii=ensure_ascii).encode("utf-8")


def post_form(port, target, fields, headers=(), timeout=10.0):
    """POST of a form."""
    return request(port, "POST", target, [FORM] + list(headers), form(fields), timeout=timeout)


def share(port, secret, headers=(), timeout=10.0, **fields):
    """Creates a secret through v1 and returns its receipt. Raises ProtocolError if the server refuses."""
    answer = post_form(port, "/api/v1/share", dict(fields, secret=secret), headers, timeout)
    if answer.status != 200:
        raise ProtocolError("share answered %d %s" % (answer.status, answer.text()[:200]))
    return answer.json()


def reveal(port, key, headers=(), timeout=10.0, **fields):
    """POST /api/v1/secret/KEY."""
    return post_form(port, "/api/v1/secret/" + key, fields, headers, timeout)


def receipt(port, key, headers=()):
    """GET /api/v1/private/KEY."""
    return request(port, "GET", "/api/v1/private/" + key, headers)


def burn(port, key, headers=(), timeout=10.0, **fields):
    """POST /api/v1/private/KEY/burn."""
    return post_form(port, "/api/v1/private/%s/burn" % key, fields, headers, timeout)
