"""Certificates: from files, several by name, read anew at SIGHUP, and those that the server makes itself."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from onetime_harness import Server, binary_path, free_port
from onetime_http import FORM, build, form
from onetime_tls import Certificates, Records, connect, context, get, openssl, refusal, shown

NEW, OLD = ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2


def files_and_names(results):
    """Chains, kinds of keys, and which certificate is shown to whom."""
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(folder)
        first = made.make("first", "DNS:one.example,DNS:other.example,IP:127.0.0.1")
        made.make("wild", "DNS:*.wild.example", "RSA-2048")
        made.make("third", "DNS:three.example", "P-384")
        made.write("wild-both.pem", "wild.key", "wild.pem")
        arguments = ["--tls", first, "--tls", "%s;%s" % (made.path("wild-both.pem"), made.pair("third"))]
        with Server(*arguments) as server:
            trusting = context(authority=made.path("authority.crt"))
            for name in ("one.example", "a.wild.example", "three.example", "127.0.0.1"):
                with connect(server.port, trusting, name) as secure:
                    results.equal(get(secure).status, 200, name + ": verified up to the authority")
            for name, wanted in (
                ("one.example", "first"),
                ("OTHER.example", "first"),
                ("a.wild.example", "wild"),
                ("A.WILD.EXAMPLE", "wild"),
                ("a.b.wild.example", "first"),
                ("wild.example", "first"),
                ("three.example", "third"),
                ("unknown.example", "first"),
                ("three.example.", "first"),
                (None, "first"),
            ):
                for version in (OLD, NEW):
                    found = shown(server.port, name, context(version))
                    results.equal(found, made.fingerprint(wanted), "%s is shown the one of %s" % (name, wanted))
            with connect(server.port, context(OLD, "ECDHE+AESGCM"), "a.wild.example") as secure:
                results.check("ECDHE-RSA" in secure.cipher()[0], "RSA signs where the certificate has an RSA key")
                session = secure.session
            reason = refusal(server.port, context(OLD, "ECDHE-RSA-AES128-GCM-SHA256"), "one.example")
            results.equal(reason, "SSLV3_ALERT_HANDSHAKE_FAILURE", "RSA suites alone do not do for an ECDSA certificate")
            with connect(server.port) as secure:
                hsts = get(secure).header("Strict-Transport-Security")
                results.equal(hsts, "max-age=31536000", "HSTS is said with certificate files")
                for target, status in (("/", 200), ("/nothing", 404), ("/secret/" + "a" * 31, None)):
                    answer = get(secure, target)
                    results.check(status in (None, answer.status), target + ": status", answer.status)
                    results.equal(answer.header("Strict-Transport-Security"), hsts, target + ": HSTS")
            del session
        with Server("--tls", first, "--hsts", "0") as server, connect(server.port) as secure:
            results.equal(get(secure).header("Strict-Transport-Security"), None, "--hsts 0 says nothing")
        with Server("--tls", "self-signed", "--hsts", "77") as server, connect(server.port) as secure:
            results.equal(get(secure).header("Strict-Transport-Security"), "max-age=77", "--hsts 77 says so")


def resumption_by_name(results):
    """A ticket got under one name is good for the same name, in both versions, and after certificates were read anew."""
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(folder)
        files = "%s;%s" % (made.make("a", "DNS:a.example"), made.make("b", "DNS:b.example", "RSA-2048"))
        with Server("--tls", files) as server:
            for version in (OLD, NEW):
                client = context(version)
                with connect(server.port, client, "b.example") as secure:
                    get(secure)
                    session = secure.session
                with connect(server.port, client, "b.example", session) as secure:
                    results.check(secure.session_reused, version.name + ": taken for the second name")
                    results.equal(get(secure).status, 200, version.name + ": and served")
                with connect(server.port, client, "a.example", session) as secure:
                    results.equal(get(secure).status, 200, version.name + ": another name is served all the same")
                server.signal(signal.SIGHUP)
                time.sleep(0.2)
                with connect(server.port, client, "b.example", session) as secure:
                    results.check(secure.session_reused, version.name + ": taken after certificates were read anew")
                    results.equal(get(secure).status, 200, version.name + ": and served then, too")


def reload(results):
    """SIGHUP: new connections see the new certificate, open ones go on; a broken file changes nothing and is named."""
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(folder)
        made.make("old", "DNS:a.example")
        made.make("new", "DNS:a.example", "RSA-2048")
        made.write("used.pem", "old.pem")
        made.write("used.key", "old.key")
        pair = "%s,%s" % (made.path("used.pem"), made.path("used.key"))
        with Server("--tls", pair) as server:
            results.equal(shown(server.port), made.fingerprint("old"), "before")
            data = build("POST", "/api/v1/share", [FORM], form({"secret": "x" * 400_000}))
            with connect(server.port) as kept, Records(server.port) as upload, Records(server.port) as shaking:
                get(kept)
                upload.shake()
                upload.send(data[:200_000])
                try:
                    shaking.session.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                hello = shaking.outward.read()
                shaking.socket.sendall(hello[:50])
                time.sleep(0.1)
                for round_ in range(20):
                    name = "new" if round_ % 2 == 0 else "old"
                    made.write("used.pem", name + ".pem")
                    made.write("used.key", name + ".key")
                    server.signal(signal.SIGHUP)
                    count = round_ + 1
                    wait_for(lambda count=count: len(reloads(server)) == count)
                    results.equal(shown(server.port), made.fingerprint(name), "after SIGHUP the %s one is shown" % name)
                results.equal(get(kept).status, 200, "an open connection goes on")
                upload.send(data[200_000:])
                results.check(upload.receive(12)[0].startswith(b"HTTP/1.1 200"), "and so does an upload under way")
                shaking.socket.sendall(hello[50:])
                shaking.shake()
                shaking.send(build("GET", "/health"))
                results.check(shaking.receive(12)[0].startswith(b"HTTP/1.1 200"), "and a handshake under way")
            results.equal({event["event.outcome"] for event in reloads(server)}, {"success"}, "it says so")
            before = len(reloads(server))
            for number, (name, breakage, named) in enumerate(
                (
                    ("a missing certificate", lambda: os.unlink(made.path("used.pem")), "used.pem"),
                    ("a certificate without its key", lambda: made.write("used.pem", "new.pem"), "used.key"),
                    ("half a file", lambda: os.truncate(made.path("used.key"), 100), "used.key"),
                )
            ):
                breakage()
                server.signal(signal.SIGHUP)
                wait_for(lambda number=number: len(reloads(server)) == before + number + 1)
                event = reloads(server)[-1]
                results.equal(event["event.outcome"], "failure", name + ": it says so")
                results.check(named in event["message"], name + ": and names the file", event["message"])
                results.equal(shown(server.port), made.fingerprint("old"), name + ": the old certificate is still shown")
            made.write("used.pem", "new.pem")
            made.write("used.key", "new.key")
            server.signal(signal.SIGHUP)
            wait_for(lambda: reloads(server)[-1]["event.outcome"] == "success")
            results.equal(shown(server.port), made.fingerprint("new"), "once it is mended the new one is shown")
            resident = server.rss_kib()
            for count in range(100):
                server.signal(signal.SIGHUP)
                time.sleep(0.005)
            time.sleep(0.2)
            results.check(server.rss_kib() - resident < 3000, "no memory is lost", (resident, server.rss_kib()))
            results.equal(server.stop(), 0, "SIGTERM exits 0")


def reloads(server):
    """The events of SIGHUP so far."""
    return [event for event in server.events() if event.get("event.action") == "reload"]


def wait_for(condition, seconds=5.0):
    """Returns once the condition holds, or after the time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if condition():
                return
        except ValueError:
            pass  # half a line so far
        time.sleep(0.005)


def broken_files(results):
    """At the start a broken file is one line that names it, and exit 1; a meaningless option is exit 2."""
    with tempfile.TemporaryDirectory() as folder:
        made = Certificates(folder)
        good, other = made.make("good", "DNS:a.example"), made.make("other", "DNS:b.example", "RSA-2048")
        openssl("pkey", "-in", made.path("good.key"), "-aes128", "-passout", "pass:locked", "-out", made.path("locked.key"))
        openssl("ec", "-in", made.path("good.key"), "-aes128", "-passout", "pass:locked", "-out", made.path("older.key"))
        openssl("x509", "-in", made.path("good.crt"), "-outform", "DER", "-out", made.path("good.der"))
        with open(made.path("empty"), "wb"):
            pass
        certificate, key = good.split(",")
        path = made.path
        for name, value, named in (
            ("a missing certificate", path("no.pem") + "," + key, "no.pem"),
            ("a missing key", certificate + "," + path("no.key"), "no.key"),
            ("a folder", folder + "," + key, folder),
            ("an empty file", path("empty") + "," + key, "empty"),
            ("DER", path("good.der") + "," + key, "good.der"),
            ("the key of another certificate", certificate + "," + path("other.key"), "other.key"),
            ("an encrypted key", certificate + "," + path("locked.key"), "locked.key"),
            ("an encrypted key of the older form", certificate + "," + path("older.key"), "older.key"),
            ("no key in the certificate's file", certificate, "good.pem"),
            ("certificate and key in the wrong order", key + "," + certificate, "good.key"),
            ("a broken second pair", good + ";" + other.replace("other.key", "good.key"), "good.key"),
        ):
            done = start(value)
            results.equal(done.returncode, 1, name + ": exit 1")
            lines = done.stderr.decode().splitlines()
            results.check(len(lines) == 1 and named in lines[0], name + ": one line that names the file", lines)
        for value in ("a,b,c", ",", "self-signed;" + good):
            results.equal(start(value).returncode, 2, "--tls %s: exit 2" % value[:20])
        for value in ("-1", "x", "99999999999"):
            results.equal(start(good, "--hsts", value).returncode, 2, "--hsts %s: exit 2" % value)
        openssl("genrsa", "-traditional", "-out", path("rsa.key"), "2048")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", path("parameters.key"))
        for name in ("rsa", "parameters"):
            openssl("req", "-x509", "-new", "-key", path(name + ".key"), "-subj", "/CN=" + name, "-out", path(name + ".pem"))
            with open(path(name + ".pem"), "ab") as file:
                file.write(open(path(name + ".key"), "rb").read())
            with Server("--tls", path(name + ".pem")) as server, connect(server.port) as secure:
                results.equal(get(secure).status, 200, name + ": an older form of key, in the certificate's file")


def start(value, *arguments):
    """Starts a server that is to fail."""
    return subprocess.run(
        [binary_path(), "serve", "--listen", "127.0.0.1:%d" % free_port(), "--tls", value, *arguments],
        capture_output=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin"},
    )


def self_signed(results):
    """A certificate made at the start: for all names and addresses, its fingerprint announced, never the same twice."""
    seen = set()
    for arguments, more in (
        ([], []),
        (["--public-url", "https://secrets.example:8443"], ["DNS:secrets.example"]),
        (["--allow-host", "a.example,10.1.2.3:80,[fd00::1]:90"], ["DNS:a.example", "IP Address:10.1.2.3", "IP Address:FD00:0:0:0:0:0:0:1"]),
    ):
        with Server("--tls", "self-signed", *arguments) as server:
            announced = [event["tls.server.hash.sha256"] for event in server.events() if "tls.server.hash.sha256" in event]
            found = shown(server.port)
            results.equal(announced, [":".join(re.findall("..", found.upper()))], "the fingerprint announced is the one seen")
            results.check(found not in seen, "another certificate at each start")
            seen.add(found)
            with connect(server.port) as secure:
                certificate = openssl("x509", "-inform", "DER", "-noout", "-text", data=secure.getpeercert(True)).decode()
                with open(server.path("own.pem"), "w") as file:
                    file.write(ssl.DER_cert_to_PEM_cert(secure.getpeercert(True)))
            wanted = ["DNS:localhost", "DNS:" + socket.gethostname(), "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1"]
            for line in subprocess.run(["hostname", "-I"], capture_output=True).stdout.decode().split():
                wanted.append("IP Address:" + (line if "." in line else ""))
            for name in wanted + more:
                results.check(name in certificate, "the certificate is for " + name, certificate)
            for part in (
                "CA:FALSE",
                "Digital Signature",
                "TLS Web Server Authentication",
                "ecdsa-with-SHA256",
                "prime256v1",
                "Version: 3",
            ):
                results.check(part in certificate, "the certificate says " + part)
            trusting = context(authority=server.path("own.pem"))
            for name in ("localhost", "127.0.0.1", "::1"):
                with connect(server.port, trusting, name) as secure:
                    results.equal(get(secure).status, 200, "who trusts it can verify it for " + name)
            server.signal(signal.SIGHUP)
            time.sleep(0.2)
            results.equal(shown(server.port), found, "SIGHUP leaves it as it is")
            with open("/proc/%d/io" % server.pid) as file:
                written = int(re.search(r"^write_bytes: (\d+)", file.read(), re.M).group(1))
            results.check(written <= 8192, "nothing of it is written to disk", written)
            json.dumps(announced)


TESTS = [files_and_names, resumption_by_name, reload, broken_files, self_signed]
