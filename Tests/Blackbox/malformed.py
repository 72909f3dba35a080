"""Owns the list of malformed and ambiguous requests: a name, the bytes, and the statuses that are right.

KEY and HANDLE stand for a live secret's two keys. All are refused with a status of REFUSALS and a close, except where a
harmless reading exists; then 200 or 404 is allowed too, and says so.
"""

REFUSALS = {400, 408, 411, 413, 414, 417, 431, 501, 505}
BAD = {400}
HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def get(rest=b"", line=b"GET /health HTTP/1.1"):
    """A GET of /health with more header lines, or with another request line."""
    return line + b"\r\n" + HOST + rest + b"\r\n"


def post(rest, body=b"secret=x", line=b"POST /api/v1/secret/KEY HTTP/1.1"):
    """A reveal of the live secret, so that a lenient reading would consume it."""
    return line + b"\r\n" + HOST + FORM + rest + b"\r\n" + body


def chunks(body):
    """A chunked reveal."""
    return post(CHUNKED, body)


CASES = [
    # the request line
    ("no method", get(line=b" /health HTTP/1.1"), BAD),
    ("no target", get(line=b"GET  HTTP/1.1"), BAD),
    ("no version", get(line=b"GET /health"), BAD | {505}),
    ("a space in the target", get(line=b"GET /health x HTTP/1.1"), BAD),
    ("two spaces before the version", get(line=b"GET /health  HTTP/1.1"), BAD),
    ("tabs for spaces", get(line=b"GET\t/health\tHTTP/1.1"), BAD),
    ("only CRLF after the target", b"GET / \r\n\r\n", BAD),
    ("a space after the version", get(line=b"GET /health HTTP/1.1 "), BAD),
    ("lower-case version", get(line=b"GET /health http/1.1"), BAD | {505}),
    ("version 2.0", get(line=b"GET /health HTTP/2.0"), {505, 400}),
    ("version 1.2 of many digits", get(line=b"GET /health HTTP/1.10"), {505, 400}),
    ("version 0.9", b"GET /health\r\n\r\n", BAD | {505}),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 501, 505}),
    ("an unknown method", get(line=b"BREW /health HTTP/1.1"), {501}),
    ("a lower-case method", get(line=b"get /health HTTP/1.1"), {501, 400}),
    ("a method with a bad character", get(line=b"GE(T /health HTTP/1.1"), BAD),
    ("a method of 5000 letters", get(line=b"G" * 5000 + b" /health HTTP/1.1"), {400, 414, 431, 501}),
    ("a relative target", get(line=b"GET health HTTP/1.1"), BAD),
    ("CONNECT", get(line=b"CONNECT 127.0.0.1:80 HTTP/1.1"), {400, 501}),
    ("a NUL in the target", get(line=b"GET /hea\0lth HTTP/1.1"), BAD),
    ("a bare CR in the target", get(line=b"GET /hea\rlth HTTP/1.1"), BAD),
    ("raw bytes over 127 in the target", get(line=b"GET /h\xc3\xa9 HTTP/1.1"), BAD),
    ("a target of 40000 letters", get(line=b"GET /" + b"a" * 40000 + b" HTTP/1.1"), {414, 431}),
    ("TLS instead of HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)) + b"\r\n\r\n", BAD),
    ("only NULs", b"\0" * 100 + b"\r\n\r\n", BAD),
    ("a request line ended by LF", b"GET /health HTTP/1.1\n" + HOST + b"\r\n", BAD),
    # header fields
    ("no Host", b"GET /health HTTP/1.1\r\n\r\n", BAD),
    ("two Hosts", get(HOST), BAD),
    ("an empty Host", b"GET /health HTTP/1.1\r\nHost:\r\n\r\n", BAD),
    ("a Host with a space", b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", BAD),
    ("a Host with a path", b"GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", BAD),
    ("a Host with a user", b"GET /health HTTP/1.1\r\nHost: user@host\r\n\r\n", BAD),
    ("a Host with markup", b"GET /health HTTP/1.1\r\nHost: <script>\r\n\r\n", BAD),
    ("two names in a Host", b"GET /health HTTP/1.1\r\nHost: a, b\r\n\r\n", BAD),
    ("a port that is none", b"GET /health HTTP/1.1\r\nHost: a:b\r\n\r\n", BAD),
    ("a space before the colon", get(b"X-Note : a\r\n"), BAD),
    ("a field without a colon", get(b"X-Note\r\n"), BAD),
    ("a field without a name", get(b": a\r\n"), BAD),
    ("a name with a bad character", get(b"X(Note): a\r\n"), BAD),
    ("a name with a byte over 127", get(b"X-\xc3\xa9: a\r\n"), BAD),
    ("a space before the first field", b"GET /health HTTP/1.1\r\n " + HOST + b"\r\n", BAD),
    ("a folded field", get(b"X-Note: a\r\n b\r\n"), BAD),
    ("a NUL in a value", get(b"X-Note: a\0b\r\n"), BAD),
    ("a control character in a value", get(b"X-Note: a\x01b\r\n"), BAD),
    ("a DEL in a value", get(b"X-Note: a\x7fb\r\n"), BAD),
    ("a bare CR in a value", get(b"X-Note: a\rX-Other: b\r\n"), BAD),
    ("a bare LF in a value", get(b"X-Note: a\nX-Other: b\r\n"), BAD),
    ("a field ended by LF", get(b"X-Note: a\n"), BAD),
    ("a head ended by LF LF", b"GET /health HTTP/1.1\r\n" + HOST + b"X: y\n\n", BAD),
    ("a name of 40000 letters", get(b"X" * 40000 + b": a\r\n"), {431}),
    ("a value of 100000 letters", get(b"X-Note: " + b"a" * 100000 + b"\r\n"), {431}),
    ("10000 fields", get(b"X-Note: a\r\n" * 10000), {431}),
    ("an endless head", b"GET /health HTTP/1.1\r\n" + HOST + b"X-Note: a\r\n" * 100000, {431}),
    # lengths
    ("two Content-Lengths that differ", post(b"Content-Length: 8\r\nContent-Length: 0\r\n"), BAD),
    ("two Content-Lengths that agree", post(b"Content-Length: 8\r\nContent-Length: 8\r\n"), BAD),
    ("a list of Content-Lengths", post(b"Content-Length: 8, 8\r\n"), BAD),
    ("a negative Content-Length", post(b"Content-Length: -8\r\n"), BAD),
    ("a Content-Length with a plus", post(b"Content-Length: +8\r\n"), BAD),
    ("a hexadecimal Content-Length", post(b"Content-Length: 0x8\r\n"), BAD),
    ("an empty Content-Length", post(b"Content-Length:\r\n"), BAD),
    ("a Content-Length in words", post(b"Content-Length: eight\r\n"), BAD),
    ("a Content-Length with a space inside", post(b"Content-Length: 1 8\r\n"), BAD),
    ("a Content-Length with a fraction", post(b"Content-Length: 8.0\r\n"), BAD),
    ("a Content-Length beyond 64 bits", post(b"Content-Length: 18446744073709551624\r\n"), {400, 413}),
    ("a Content-Length of 2^63", post(b"Content-Length: 9223372036854775808\r\n"), {400, 413}),
    ("a Content-Length of 40 digits", post(b"Content-Length: " + b"9" * 40 + b"\r\n"), {400, 413}),
    ("a body of 100 GB", post(b"Content-Length: 100000000000\r\n", line=b"POST /api/v1/share HTTP/1.1"), {413}),
    ("a POST without a length", b"POST /api/v1/share HTTP/1.1\r\n" + HOST + FORM + b"\r\n", {400, 404, 411}),
    # transfer codings
    ("Content-Length with Transfer-Encoding", post(b"Content-Length: 8\r\n" + CHUNKED, b"0\r\n\r\n"), BAD),
    ("Transfer-Encoding with Content-Length", post(CHUNKED + b"Content-Length: 5\r\n", b"0\r\n\r\n"), BAD),
    ("two Transfer-Encodings", post(CHUNKED + CHUNKED, b"0\r\n\r\n"), BAD | {501}),
    ("chunked twice", post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n"), BAD | {501}),
    ("chunked, then identity", post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"), BAD | {501}),
    ("gzip", post(b"Transfer-Encoding: gzip\r\n", b""), BAD | {501}),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), BAD | {501}),
    ("a coding that only looks like chunked", post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), BAD | {501}),
    ("chunked in quotes", post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n"), BAD | {501}),
    ("chunked after a vertical tab", post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"), BAD),
    ("an empty Transfer-Encoding", post(b"Transfer-Encoding:\r\n", b""), BAD | {501}),
    ("chunked in HTTP/1.0", post(CHUNKED, b"0\r\n\r\n", b"POST /api/v1/secret/KEY HTTP/1.0"), BAD),
    # chunks
    ("a chunk size that is none", chunks(b"xyz\r\nabc\r\n0\r\n\r\n"), BAD),
    ("an empty chunk size", chunks(b"\r\nabc\r\n0\r\n\r\n"), BAD),
    ("a chunk size with 0x", chunks(b"0x3\r\nabc\r\n0\r\n\r\n"), BAD),
    ("a negative chunk size", chunks(b"-3\r\nabc\r\n0\r\n\r\n"), BAD),
    ("a chunk size beyond 64 bits", chunks(b"10000000000000003\r\nabc\r\n0\r\n\r\n"), {400, 413}),
    ("a chunk size of 2^63", chunks(b"8000000000000000\r\nabc\r\n"), {400, 413}),
    ("a chunk size with a space before", chunks(b" 3\r\nabc\r\n0\r\n\r\n"), BAD),
    ("a chunk line ended by LF", chunks(b"3\nabc\r\n0\r\n\r\n"), BAD),
    ("a chunk longer than its size", chunks(b"3\r\nabcd\r\n0\r\n\r\n"), BAD),
    ("chunk data ended by LF", chunks(b"3\r\nabc\n0\r\n\r\n"), BAD),
    ("a bare CR in a chunk extension", chunks(b"3;a\rb\r\nabc\r\n0\r\n\r\n"), BAD),
    ("a bare LF in a chunk extension", chunks(b"3;a\nb\r\nabc\r\n0\r\n\r\n"), BAD),
    ("a last chunk ended by LF", chunks(b"3\r\nabc\r\n0\n\n"), BAD),
    ("a trailer without a colon", chunks(b"3\r\nabc\r\n0\r\nX-Note\r\n\r\n"), BAD),
    ("a trailer with a NUL", chunks(b"3\r\nabc\r\n0\r\nX-Note: a\0\r\n\r\n"), BAD),
    ("endless trailers", chunks(b"0\r\n" + b"X-Note: a\r\n" * 20000), {400, 413, 431}),
    ("a chunk extension of 100000 letters", chunks(b"3;" + b"a" * 100000 + b"\r\nabc\r\n0\r\n\r\n"), {400, 413, 431}),
    (
        "chunks of 9 MB in all",
        post(CHUNKED, (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 144 + b"0\r\n\r\n", b"POST /api/v1/share HTTP/1.1"),
        {413},
    ),
    # smuggling: the second request must never be answered as one of its own
    (
        "a request hidden in a GET body of bad length",
        get(b"Content-Length: 0 1\r\n") + b"POST /api/v1/secret/KEY HTTP/1.1\r\n",
        BAD,
    ),
    (
        "a hidden request after obs-fold",
        get(b"X: y\r\n\tTransfer-Encoding: chunked\r\n") + post(b"Content-Length: 0\r\n", b""),
        BAD,
    ),
    ("Transfer-Encoding with a space before the colon", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"), BAD),
    ("Content-Length with a space before the colon", post(b"Content-Length : 8\r\n"), BAD),
    ("Transfer-Encoding split by LF", post(b"X: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), BAD),
]
