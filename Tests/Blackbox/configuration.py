"""What an operator sets, from where, and what follows: flags, variables and a file, their check, what SIGHUP reads anew, and which
hosts are served.

python3 Tests/Blackbox/configuration.py          about 25 seconds
"""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import FORM, Connection, form, request  # noqa: E402
from onetime_tls import Certificates  # noqa: E402

TOKEN = "a-token-that-nobody-may-see"


class Folder:
    """A folder with the files of an operator."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="onetime-configuration-")
        self.path = self.folder.name
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def write(self, name, content):
        path = os.path.join(self.path, name)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path


def run(arguments, environment=None, timeout=10, **more):
    """Runs the executable to its end: code, stdout, stderr."""
    whole = {"PATH": os.environ.get("PATH", "")}
    whole.update(environment or {})
    ended = subprocess.run(
        [binary_path()] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=whole,
        timeout=timeout, **more
    )
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def settings(results, arguments, environment=None):
    """What `check --config` says is in force, as {name: (value, origin)}."""
    code, out, err = run(["check", "--config"] + arguments + ["--json"], environment)
    results.check(code == 0 and not err, "it is right: %s %s" % (arguments, environment), (code, err))
    return {name: (entry["value"], entry["from"]) for name, entry in json.loads(out or "{}").items()}


def precedence(results):
    """Flag before variable before file before default; of what may be given several times, too, and as a whole."""
    with Folder() as folder:
        path = folder.write(
            "lite.conf",
            "\ufeff# all\r\n\r\n  default-ttl=  2h \r\nmin-ttl = 90\nno-ui = true\nbrand = A = B # C\n"
            "allow-host = one.example\nallow-host = two.example, three.example\n"
            "hours = Mon 09:00-17:00\nhours = Tue 09:00-17:00; Wed 10:00-12:00 Europe/Amsterdam\n"
            "audit = memory\naudit = stderr,stdout\n",
        )
        for name, flags, environment, wanted in (
            ("default-ttl", [], {}, ("1h", "default")),
            ("default-ttl", [path], {}, ("2h", path + ":3")),
            ("default-ttl", [path], {"DEFAULT_TTL": "10800"}, ("3h", "variable DEFAULT_TTL")),
            ("default-ttl", [path, "--default-ttl", "240m"], {"DEFAULT_TTL": "10800"}, ("4h", "flag")),
            ("default-ttl", [path, "--default-ttl=5h", "--default-ttl", "6h"], {}, ("6h", "flag")),
            ("default-ttl", [path], {"DEFAULT_TTL": ""}, ("2h", path + ":3")),
            ("default-ttl", [], {"CONFIG_FILE": path}, ("2h", path + ":3")),
            ("config", [path], {"CONFIG_FILE": "/nothing"}, (path, "flag")),
            ("min-ttl", [path], {}, ("90", path + ":4")),
            ("no-ui", [], {}, ("false", "default")),
            ("no-ui", [path], {}, ("true", path + ":5")),
            ("no-ui", [path], {"UI_ENABLED": "true"}, ("false", "variable UI_ENABLED")),
            ("no-ui", ["--no-ui"], {"UI_ENABLED": "true"}, ("true", "flag")),
            ("brand", [path], {}, ("A = B # C", path + ":6")),
            ("allow-host", [path], {}, ("one.example,two.example, three.example", path + ":7")),
            ("allow-host", [path], {"ALLOWED_HOSTS": "four.example"}, ("four.example", "variable ALLOWED_HOSTS")),
            ("allow-host", [path, "--allow-host", "a.example", "--allow-host", "b.example"], {}, ("a.example,b.example", "flag")),
            ("hours", [path], {}, ("Mon 09:00-17:00; Tue 09:00-17:00; Wed 10:00-12:00 Europe/Amsterdam", path + ":9")),
            ("hours", [path], {"HOURS": "Sat 1:00-2:00;Sun 3:00-4:00"}, ("Sat 1:00-2:00;Sun 3:00-4:00", "variable HOURS")),
            ("hours", [path, "--hours", "1:00-2:00", "--hours", "3:00-4:00"], {}, ("1:00-2:00; 3:00-4:00", "flag")),
            ("audit", [path], {}, ("memory,stderr,stdout", path + ":11")),
            ("listen", [], {"PORT": "80"}, ("127.0.0.1:80", "default")),
            ("port", [], {"PORT": "80"}, ("80", "variable PORT")),
            ("listen", ["--listen", "[::1]:81"], {"PORT": "80"}, ("[::1]:81", "flag")),
            ("port", ["--listen", "[::1]:81"], {"PORT": "80"}, ("", "default")),
            ("public-url", [], {"HOST": "a.example:8", "SSL": "true"}, ("https://a.example:8", "default")),
            ("max-content", [], {"SECRET_MAX_LENGTH": "2097152"}, ("2M", "variable SECRET_MAX_LENGTH")),
            ("max-content", [], {"SECRET_MAX_LENGTH": "2097153"}, ("2097153", "variable SECRET_MAX_LENGTH")),
            ("locale", [], {}, ("en", "default")),
            ("ttl-options", ["--ttl-options", "60 120"], {}, ("60,120", "flag")),
        ):
            found = settings(results, flags, environment)
            results.equal(found.get(name), wanted, "%s of %s and %s" % (name, flags, environment))
        found = settings(results, [path])
        documented = set(re.findall(r"^  --(\S+)", run(["--help"])[1], re.M)) - {"help"}
        results.equal(set(found), documented, "every option is told")
        code, out, err = run(["check", "--config", path])
        results.check(code == 0 and not err, "as a table", (code, err))
        lines = {line.split()[0]: line.split(None, 2)[1:] for line in out.splitlines()}
        results.equal(lines.get("default-ttl"), ["2h", path + ":3"], "a line of the table")
        results.equal(len(out.splitlines()), len(found), "a line for each")
        with Server("--config", path, "--no-api") as server:
            results.equal(request(server.port, "GET", "/").status, 404, "the file is in force")
            results.equal(request(server.port, "GET", "/api/v1/status").status, 404, "beside flags")


def mistakes(results):
    """All mistakes at once, each in a line that names its place and what is allowed."""
    with Folder() as folder:
        made = Certificates(folder.path)
        made.make("one", "DNS:a.example")
        made.make("two", "DNS:b.example")
        path = folder.write(
            "bad.conf",
            "default-ttl = soon\nunknown = " + TOKEN + "\n" + TOKEN + "x y\nworkers = 1\nworkers = 2\nbrand =\n"
            "config = other\n[section]\nmax-head = 1\x07\nno-ui = perhaps\n",
        )
        broken = "%s,%s;%s" % (made.path("one.pem"), made.path("two.key"), folder.path + "/none.pem")
        code, out, err = run(
            ["check", "--config", path, "--min-ttl", "2d", "--max-ttl", "1d", "--what", "word", "--tls", broken,
             "--brand-file", folder.write("brands", "\ncolour = red")],
            {"PORT": "many"},
        )
        results.equal(code, 2, "the code")
        results.equal(out, "", "nothing but the mistakes")
        for wanted in (
            "unknown option '--what'; --help lists them",
            "unexpected argument after --max-ttl",
            path + ", line 1: default-ttl is 'soon', but has to be a time from 1 to 2592000 seconds",
            path + ", line 2: unknown option 'unknown'",
            path + ", line 3: a line has to be name = value",
            path + ", line 5: workers is there twice",
            path + ", line 6: brand needs a value",
            path + ", line 7: unknown option 'config'",
            path + ", line 8: a line has to be name = value",
            path + ", line 9: max-head needs a value in one line",
            path + ", line 10: no-ui is 'perhaps', but has to be true or false",
            "PORT is 'many', but has to be a port",
            "--min-ttl has to be at most --max-ttl",
            "brands, line 2: unknown key 'colour'",
            "two.key belongs to another certificate",
            "none.pem cannot be read",
        ):
            results.check(any(wanted in line for line in err.splitlines()), "told: " + wanted, err)
        results.equal(len(err.splitlines()), 16, "and nothing else: %s" % err)
        results.check(TOKEN not in err, "a secret in the wrong place is not told", err)
        outside = ["--webhook", "https://hooks.example/SECRET-PATH"]
        for arguments, wanted in (
            (["--webhook", "https://127.0.0.1/SECRET-PATH"], "needs --webhook-allow-private"),
            (["--webhook", "https://0.0.0.0/", "--webhook-allow-private"], "never to those of nobody"),
            (["--webhook", "http://192.0.2.300/SECRET-PATH"], "https://host[:port]"),
            (outside + ["--webhook-events", "reveal,revealed"], "'reveal,revealed', but has to be some of start,create,reveal"),
            (outside + ["--webhook-secret-file", folder.path + "/none"], "/none cannot be read"),
            (outside + ["--ca-file", folder.path + "/none"], "/none cannot be read"),
            (["--allow-host", "[::1"], "'[::1', but has to be hosts"),
            (["--allow-host", "a[b"], "'a[b', but has to be hosts"),
        ):
            code, _, err = run(["check", "--config"] + arguments, {"WEBHOOK_SECRET": "0123456789abcdef"})
            results.check(code == 2 and wanted in err and len(err.splitlines()) == 1, "told: " + wanted, (code, err))
            results.check("SECRET-PATH" not in err, "but not what an address may hide", err)
        for name, content, wanted in (
            ("large", b"#" * 65537, "cannot be read: File too large"),
            ("bytes", b"brand = \xff", "is not UTF-8"),
        ):
            code, _, err = run(["check", "--config", folder.write(name, content)])
            results.check(code == 2 and wanted in err and len(err.splitlines()) == 1, "a file of %s" % name, (code, err))
        for arguments in (["check", "--config", folder.path + "/none"], ["serve", "--config", folder.path + "/none"]):
            code, _, err = run(arguments)
            results.check(code == 2 and "none cannot be read: No such file" in err, "no file: %s" % arguments, (code, err))
        code, _, err = run(["serve", "--listen", "127.0.0.1:0", "--config", path])
        results.check(code == 2 and len(err.splitlines()) == 9, "a server does not start with them", (code, err))


def secrets(results):
    """The API token is masked, and never told."""
    environment = {"ONETIME_USER": "somebody", "ONETIME_APITOKEN": TOKEN}
    found = settings(results, [], environment)
    results.equal(found["ONETIME_APITOKEN"], ("***", "variable ONETIME_APITOKEN"), "masked")
    results.equal(found["ONETIME_USER"], ("somebody", "variable ONETIME_USER"), "its name is not")
    _, out, err = run(["check", "--config"], environment)
    results.check("***" in out and TOKEN not in out + err, "in the table, too", out + err)
    code, out, err = run(["check", "--config", "--json"], {"ONETIME_APITOKEN": TOKEN})
    results.check(code == 2 and TOKEN not in out + err, "nor where it is alone", (code, out, err))
    # The path of a webhook's URL is one, too, right or wrong.
    key = {"WEBHOOK_SECRET": TOKEN}
    found = settings(results, ["--webhook", "https://hooks.example/" + TOKEN], key)
    results.equal(found["webhook"], ("***", "flag"), "the address of a webhook")
    results.equal(found["WEBHOOK_SECRET"], ("***", "variable WEBHOOK_SECRET"), "its key")
    results.equal(settings(results, [])["webhook"], ("", "default"), "none is none")
    for wrong in (["--webhook", "https://a:%s@hooks.example/" % TOKEN], ["--syslog", "syslog+tcp://a:%s@b.example" % TOKEN]):
        code, out, err = run(["check", "--config"] + wrong, key)
        results.check(code == 2 and "is '***', but has to be" in err, "a wrong one is refused", (code, err))
        results.check(TOKEN not in out + err, "and not told", err)


def certificates(results):
    """Certificates have to be for the names that browsers come under, and keys for their certificates."""
    with Folder() as folder:
        made = Certificates(folder.path)
        one = made.make("one", "DNS:a.example,DNS:*.b.example,IP:192.0.2.7,IP:2001:db8::7")
        two = made.make("two", "DNS:c.example")
        brands = folder.write("brands", "product-name = A\n[c.example]\nproduct-name = C\n")
        for arguments, names in (
            (["--public-url", "https://a.example"], []),
            (["--public-url", "https://A.example:8443", "--allow-host", "x.b.example,192.0.2.7,[2001:db8::7]:1"], []),
            (["--public-url", "https://a.example", "--allow-host", "web,localhost,a.localhost,127.0.0.1,[::1]:7"], []),
            (["--host", "b.example", "--allow-host", "x.y.b.example,192.0.2.8"], ["b.example", "x.y.b.example", "192.0.2.8"]),
            (["--allow-host", "one,two.example:1,two.example", "--brand-file", brands], ["two.example", "c.example"]),
            (["--allow-host", "c.example", "--brand-file", brands, "--tls", two], []),
            (["--allow-host", "two.example", "--trusted-proxies", "10.0.0.0/8"], []),
            (["--allow-host", "two.example", "--trusted-proxies", "10.0.0.0/8", "--proxy-protocol"], ["two.example"]),
        ):
            code, _, err = run(["check", "--config", "--tls", one] + arguments)
            wanted = ["no certificate of --tls is for %s, which is a name of the server" % name for name in names]
            told = [line.removeprefix("onetime-lite: ") for line in err.splitlines()]
            results.equal((code, sorted(told)), (2 if names else 0, sorted(wanted)), "%s" % arguments)
        code, _, err = run(["check", "--config", "--tls", "%s,%s" % (made.path("one.pem"), made.path("two.key"))])
        results.check(code == 2 and "two.key belongs to another certificate" in err, "the key of another", (code, err))
        code, out, _ = run(["check", "--config", "--tls", "self-signed", "--public-url", "https://z.example"])
        results.check(code == 0 and "self-signed" in out, "one that is made is for every name", code)


def wait_for(condition, seconds=5.0):
    """Until something is so."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)


def reloads(server):
    """The events of SIGHUP so far."""
    return [event for event in server.events() if event.get("event.action") == "reload"]


def hang_up(server):
    """Sends SIGHUP; the event that follows."""
    before = len(reloads(server))
    server.signal(signal.SIGHUP)
    wait_for(lambda: len(reloads(server)) > before)
    return reloads(server)[-1]


def lifetime(server):
    """The TTL of a secret that asks for none."""
    return request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x").json()["secret_ttl"]


def reload(results):
    """SIGHUP puts in force what can be, says what cannot, and changes nothing where anything is wrong."""
    with Folder() as folder:
        made = Certificates(folder.path)
        made.make("one", "DNS:a.example")
        made.make("two", "DNS:b.example")
        brands = folder.write("brands", "product-name = Old")
        start = "min-ttl = 1\nbrand-file = %s\ntls = %s,%s\n" % (brands, made.path("one.pem"), made.path("one.key"))
        path = folder.write("lite.conf", start)
        environment = {"ONETIME_USER": "somebody", "ONETIME_APITOKEN": TOKEN}
        with Server("--config", path, "--tls", "%s,%s" % (made.path("one.pem"), made.path("one.key")), environment=environment) as server:
            old_page = request(server.port, "GET", "/").text()
            results.check("Old</title>" in old_page, "the brand before", old_page[:300])
            results.equal(lifetime(server), 3600, "the TTL before")
            kept = Connection(server.port)
            body = form({"secret": "y" * 40_000})
            head = "POST /api/v1/share HTTP/1.1\r\nHost: a.example\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
            kept.send((head % (FORM[1], len(body))).encode() + body[:20_000])
            folder.write("brands", "product-name = New\nlocale = nl")
            folder.write(
                "lite.conf",
                start + "default-ttl = 2h\nmax-content = 1k\nno-api = false\nmax-secrets = 5\nlisten = 127.0.0.1:1\n"
                "max-attempts = 2\nlocale = fr\nallow-host = a.example\n",
            )
            event = hang_up(server)
            results.equal(event["event.outcome"], "success", "it is taken: %s" % event)
            results.equal(event.get("onetime.needs_restart"), "--max-attempts, --max-secrets", "what needs a restart is named")
            results.check("restart" in event["message"] and "--max-secrets" in event["message"], "in words, too", event)
            new_page = request(server.port, "GET", "/").text()
            results.check("New</title>" in new_page and 'lang="fr"' in new_page, "brand and language are new", new_page[:300])
            results.equal(lifetime(server), 7200, "so is the TTL")
            large = request(server.port, "POST", "/api/v1/share", [FORM], form({"secret": "x" * 1025}))
            results.check("maximum size of 1024 bytes" in large.text(), "and the largest content", large.text())
            results.equal(request(server.port, "GET", "/", host="evil.example").status, 421, "and whose names are served")
            results.equal(request(server.port, "GET", "/", host="a.example").status, 200, "and whose are")
            kept.send(body[20_000:])
            results.check(kept.response("POST").status in (200, 404), "a request under way is answered")
            kept.close()
            results.equal(
                request(server.port, "GET", "/api/v1/authcheck", [("Authorization", basic("somebody", TOKEN))]).status, 200, "the key stays"
            )
            # A mistake anywhere leaves all of it.
            good = start + "default-ttl = 3h\n"
            for name, configuration, brand, named in (
                ("a setting", good + "min-ttl = 1\n", "product-name = Third", "line 5: min-ttl is there twice"),
                ("a value", start + "default-ttl = x\n", "product-name = Third", "line 4: default-ttl is 'x'"),
                ("a brand", good, "colour = red", "brands, line 1: unknown key 'colour'"),
            ):
                folder.write("lite.conf", configuration)
                folder.write("brands", brand)
                event = hang_up(server)
                results.equal(event["event.outcome"], "failure", name + ": refused")
                results.check(named in event["message"] and "nothing is changed" in event["message"], name + ": says why", event)
                results.equal(lifetime(server), 7200, name + ": the TTL stays")
                results.check("New</title>" in request(server.port, "GET", "/").text(), name + ": the brand stays")
            folder.write("lite.conf", good)
            folder.write("brands", "product-name = Third")
            made.write("one.key", "two.key")
            event = hang_up(server)
            results.equal(event["event.outcome"], "failure", "a key of another certificate: refused")
            results.equal(lifetime(server), 7200, "the TTL stays then, too")
            made.write("one.pem", "two.pem")
            event = hang_up(server)
            results.equal(event["event.outcome"], "success", "all is right again")
            results.equal(event.get("onetime.needs_restart"), None, "nothing that needs a restart is left")
            results.equal(lifetime(server), 10800, "then all is new")
            results.equal(request(server.port, "GET", "/", host="evil.example").status, 200, "names that are no longer told count no more")
            results.check(TOKEN not in server.text("stdout") + server.text("stderr"), "no token is told")
            resident = server.rss_kib()
            for _ in range(100):
                server.signal(signal.SIGHUP)
                time.sleep(0.003)
            time.sleep(0.3)
            results.check(server.rss_kib() - resident < 3000, "no memory is lost", (resident, server.rss_kib()))
            results.equal(server.stop(), 0, "SIGTERM exits 0")
        path = folder.write("plain.conf", "min-ttl = 1\n")
        with Server("--config", path) as server:
            folder.write("plain.conf", "tls = self-signed\nlisten = 0.0.0.0:2\nworkers = 7\n")
            event = hang_up(server)
            results.equal(event.get("onetime.needs_restart"), "--tls, --workers", "TLS needs a restart: %s" % event)
            results.equal(request(server.port, "GET", "/").status, 200, "and plain HTTP goes on")
        path = folder.write("rights.conf", "min-ttl = 1\nauth-required = true\n")
        with Server("--config", path, environment=environment) as server:
            share = lambda: request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x").status  # noqa: E731
            results.check(share() != 200, "without a key nobody creates")
            folder.write("rights.conf", "min-ttl = 1\n")
            results.equal(hang_up(server).get("onetime.needs_restart"), None, "who may create needs no restart")
            results.equal(share(), 200, "and is in force")
            folder.write(
                "rights.conf", "min-ttl = 1\ntrusted-proxies = 127.0.0.1\ncountry-header = CF-IPCountry\ndeny-countries = RU\n"
            )
            event = hang_up(server)
            results.equal(event["event.outcome"], "failure", "a rule about countries needs somebody who tells them")
            results.check("need a restart" in event["message"], "and says so", event)


def pipes(results):
    """A pipe in which nothing is, not yet or not any more, is no empty file: rules that it has to tell would be none."""
    with Folder() as folder:
        made = Certificates(folder.path)
        made.make("own", "DNS:a.example")
        pipe = os.path.join(folder.path, "pipe")
        os.mkfifo(pipe)
        outside = ["--webhook", "https://hooks.example/"]
        secret = {"WEBHOOK_SECRET": "0123456789abcdef"}

        def start(arguments):
            began = time.monotonic()
            status, _, error = run(["serve", "--listen", "127.0.0.1:0"] + arguments, secret, timeout=30)
            return arguments, status, error, time.monotonic() - began

        # Nobody writes to the pipe, and a device has no end. Each start ends by itself, and says which file it was.
        whole, nothing, endless = "cannot be read: ", "No data available", "File too large"
        cases = (
            (["--config", pipe], "the configuration file %s " % pipe, nothing),
            (["--key-file", pipe], "the key file %s " % pipe, nothing),
            (["--brand-file", pipe], "the brand file %s " % pipe, nothing),
            (["--country-file", pipe], "the country file %s " % pipe, nothing),
            (outside + ["--webhook-secret-file", pipe], "the webhook's key %s " % pipe, nothing),
            (outside + ["--ca-file", pipe], "--ca-file: %s " % pipe, nothing),
            (["--tls", "%s,%s" % (pipe, made.path("own.key"))], "--tls: %s " % pipe, nothing),
            (["--tls", "%s,%s" % (made.path("own.pem"), pipe)], "--tls: %s " % pipe, nothing),
            (outside + ["--ca-file", "/dev/zero"], "--ca-file: /dev/zero ", endless),
            (["--tls", "/dev/zero," + made.path("own.key")], "--tls: /dev/zero ", endless),
            (["--tls", made.path("own.pem") + ",/dev/zero"], "--tls: /dev/zero ", endless),
        )
        with ThreadPoolExecutor(len(cases)) as pool:
            found = pool.map(start, [case[0] for case in cases])
            for (_, name, why), (arguments, status, error, seconds) in zip(cases, found):
                told = status in (1, 2) and name + whole + why in error and len(error.splitlines()) == 1
                results.check(told and seconds < 20, "%s: it ends and is told" % arguments, (status, error, seconds))

        # What somebody writes a moment later, in pieces, as processes do whose output a shell puts in a file's place, is waited for.
        def late(*pieces):
            source, sink = os.pipe()

            def write():
                for piece in pieces:
                    time.sleep(0.3)
                    os.write(sink, piece)
                os.close(sink)

            threading.Thread(target=write).start()
            return source

        def content(name):
            with open(made.path(name), "rb") as file:
                return file.read()

        key, line = subprocess.run(
            [binary_path(), "keygen", "--name", "one"], capture_output=True, check=True, text=True
        ).stdout.splitlines()
        sources = [late(b"deny-networks = 127", b".0.0.0/8\n"), late(line.encode()), late(content("between.crt"))]
        paths = ["/proc/self/fd/%d" % source for source in sources]
        arguments = ["--config", paths[0], "--key-file", paths[1], *outside, "--ca-file", paths[2]]
        with Server(*arguments, pass_fds=sources, environment=secret) as server:
            answer = request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x")
            results.equal(answer.header("X-OTS-Intended-Status"), "403", "rules that came late are in force")
        sources.append(late(line.encode()))
        with Server("--key-file", "/proc/self/fd/%d" % sources[-1], "--auth-required", pass_fds=sources[-1:]) as server:
            answer = request(server.port, "POST", "/api/v1/share", [FORM, ("Authorization", "Bearer " + key)], b"secret=x")
            results.equal(answer.status, 200, "so are keys")
        pair = [late(content("own.pem")), late(content("own.key"))]
        sources += pair
        code, _, error = run(
            ["check", "--config", "--tls", "/proc/self/fd/%d,/proc/self/fd/%d" % tuple(pair)], pass_fds=pair
        )
        results.equal((code, error), (0, ""), "and so are a certificate and its key")
        for source in sources:
            os.close(source)
        source, sink = os.pipe()
        os.write(sink, b"deny-networks = 127.0.0.0/8\n")
        os.close(sink)
        with Server("--config", "/proc/self/fd/%d" % source, pass_fds=[source]) as server:
            status = lambda: request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x").header("X-OTS-Intended-Status")  # noqa: E731
            results.equal(status(), "403", "a rule that came by a pipe is in force")
            event = hang_up(server)
            results.equal(event["event.outcome"], "failure", "the pipe has nothing more at SIGHUP: refused")
            results.equal(status(), "403", "and the rule stays")
        os.close(source)


def basic(name, token):
    """Basic authentication."""
    return "Basic " + base64.b64encode(("%s:%s" % (name, token)).encode()).decode()


def raw(server, data):
    """The status of the answer to some bytes, with the answer."""
    with Connection(server.port) as connection:
        connection.send(data)
        answer = connection.response(data.split(b" ")[0].decode())
        return answer.status, answer


def hosts(results):
    """Where the server knows its names, others get 421 and no hint of who it is."""
    with Folder() as folder:
        brands = folder.write("brands", "product-name = Main\n\n[first.example]\nproduct-name = First\nlocale = nl\n")
        arguments = ["--brand-file", brands, "--public-url", "https://main.example", "--allow-host", "other.example:8443"]
        with Server(*arguments) as server:
            for host, status in (
                ("main.example", 200),
                ("main.example:443", 200),
                ("main.example:7143", 200),
                ("MAIN.Example", 200),
                ("main.example:", 200),
                ("first.example", 200),
                ("First.example:8443", 200),
                ("other.example", 200),
                ("127.0.0.1", 200),
                ("127.0.0.1:%d" % server.port, 200),
                ("localhost:%d" % server.port, 200),
                ("LocalHost", 200),
                ("A.LOCALHOST:1", 200),
                ("[FD00::1]", 200),
                ("[FE80::1]", 200),
                ("a.localhost", 200),
                ("10.1.2.3", 200),
                ("[::1]", 200),
                ("[::1]:7143", 200),
                ("[fd00::1]:7143", 200),
                ("main.example.", 421),
                ("www.main.example", 421),
                ("xmain.example", 421),
                ("main.example.evil.example", 421),
                ("main.exampl", 421),
                ("main-example", 421),
                ("evil.example", 421),
                ("evil.example:443", 421),
                ("localhost.evil.example", 421),
                ("127.0.0.1.evil.example", 421),
                ("10.1.2.3.evil.example", 421),
                ("127.1", 421),
                ("0177.0.0.1", 421),
                ("2130706433", 421),
                ("203.0.113.7", 421),
                ("[2001:db8::1]", 421),
                ("[::ffff:203.0.113.7]", 421),
                ("xn--main-example", 421),
                ("-", 421),
                (".", 421),
                ("m", 421),
                ("main.example@evil.example", 400),
                ("evil.example, main.example", 400),
                ("main.example/", 400),
                ("main.example:x", 400),
                ("[::1", 400),
                ("m\u00e4in.example", 400),
            ):
                start = "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host
                found, answer = raw(server, start.encode())
                results.equal(found, status, "Host: " + host)
            for name, data, status in (
                ("an absolute target of another", b"GET http://evil.example/ HTTP/1.1\r\nHost: main.example\r\n\r\n", 421),
                ("an absolute target of its own", b"GET http://main.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200),
                ("HTTP/1.0 without Host", b"GET / HTTP/1.0\r\n\r\n", 421),
                ("HTTP/1.0 with one", b"GET / HTTP/1.0\r\nHost: main.example\r\n\r\n", 200),
                ("a probe without Host", b"GET /health HTTP/1.0\r\n\r\n", 200),
                ("a probe by address", b"GET /health HTTP/1.1\r\nHost: 203.0.113.7\r\n\r\n", 200),
                ("HEAD", b"HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("OPTIONS", b"OPTIONS /api/v1/share HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("an unknown path", b"GET /x/y HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("a wrong method", b"DELETE / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("the icon", b"GET /favicon.ico HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("the API", b"GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                ("a secret", b"POST /api/v1/share HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 8\r\n\r\nsecret=x", 421),
                ("a large one", b"POST /api/v1/share HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9999999\r\n\r\n", 421),
            ):
                found, answer = raw(server, data)
                results.equal(found, status, name)
                if status == 421:
                    body = b"" if name == "HEAD" else b"Misdirected Request\n"
                    results.equal(answer.body, body, name + ": a short answer")
                    told = answer.raw_head.lower() + answer.body.lower()
                    for hint in (b"onetime", b"main", b"allow", b"server:", b"location"):
                        results.check(hint not in told, "%s: without %r" % (name, hint), told)
            made = request(server.port, "POST", "/api/v1/share", [FORM], b"secret=kept", host="first.example").json()
            for host in ("evil.example", "evil.example:443"):
                answer = request(server.port, "POST", "/api/v1/secret/" + made["secret_key"], [FORM], b"", host=host)
                results.equal(answer.status, 421, "a reveal by " + host)
            answer = request(server.port, "POST", "/api/v1/secret/" + made["secret_key"], [FORM], b"", host="first.example")
            results.equal(answer.json().get("value"), "kept", "consumes nothing")
            shown = request(server.port, "GET", "/receipt/" + made["metadata_key"], host="first.example").text()
            results.check("First</title>" in shown and 'lang="nl"' in shown, "a domain has its brand and language", shown[:300])
            results.check("https://first.example/receipt/" in made["metadata_url"], "and its links", made["metadata_url"])
        for arguments in (["--host", "main.example"], ["--allow-host", "main.example"]):
            with Server(*arguments) as server:
                results.equal(request(server.port, "GET", "/", host="main.example:80").status, 200, "%s: served" % arguments)
                results.equal(request(server.port, "GET", "/", host="evil.example").status, 421, "%s: others not" % arguments)
        with Server("--allow-host", "one.example,Two.example:8443") as server:
            for host, is_linked in (
                ("one.example", True),
                ("one.example:8080", True),
                ("ONE.example", True),
                ("two.example:8443", True),
                ("two.example", False),
            ):
                made = request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x", host=host).json()
                linked = made["metadata_url"].startswith("http://%s/" % host)
                results.equal(linked, is_linked, "%s: links point to it or not: %s" % (host, made["metadata_url"]))
        for arguments in ([], ["--brand-file", brands]):
            with Server(*arguments) as server:
                for host in ("evil.example", "main.example.", "203.0.113.7"):
                    results.equal(request(server.port, "GET", "/", host=host).status, 200, "%s: %s is served" % (arguments, host))
                results.equal(raw(server, b"GET / HTTP/1.0\r\n\r\n")[0], 200, "and one without")


def main(results):
    for part in (precedence, mistakes, secrets, certificates, reload, pipes, hosts):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 120)
