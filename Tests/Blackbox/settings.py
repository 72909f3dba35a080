"""What `check --config` prints is what is in force, it refuses what a start refuses, and the README says of each option what it is and
what SIGHUP does with it.

python3 Tests/Blackbox/settings.py          about 10 seconds
"""

import fnmatch
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from configuration import TOKEN, Folder, hang_up, run, wait_for  # noqa: E402
from onetime_harness import REPOSITORY, Server, binary_path, die_with_parent, free_port, run_suite  # noqa: E402
from onetime_http import FORM, post_form, request  # noqa: E402
from onetime_tls import Certificates  # noqa: E402

COUNTRIES = os.path.join(REPOSITORY, "Tests", "RulesTests", "Vectors", "countries-32.mmdb")
HOOK = ["--webhook", "https://hooks.example/"]
HOOK_KEY = {"WEBHOOK_SECRET": "0123456789abcdef"}


def keygen(*arguments):
    """A new key, and its line."""
    return run(["keygen", "--name", "somebody"] + list(arguments))[1].splitlines()


def helped():
    """{option: variable} of --help."""
    found = re.findall(r"(?ms)^  --(\S+).*?\[([A-Z0-9_]+)\]", run(["--help"])[1])
    return dict(found)


def effective(results):
    """Values are those in force, and where they are others than was said there is a reason."""
    with Folder() as folder:
        brands = folder.write("brands", "product-name = Acme\nprimary-color = #B45309\nlogo = acme.svg\nlocale = nl\n")
        logo = folder.write("acme.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        lines = [keygen()[1], keygen()[1]]
        one, both = folder.write("one", lines[0] + "\n"), "#\n" + ";".join(lines)
        for name, flags, environment, wanted in (
            ("audit-addresses", [], {}, ("whole", "default")),
            ("audit-addresses", ["--audit-addresses", "hashed"], {}, ("hashed", "flag")),
            ("certificate", [], {}, ("off", "default")),
            ("certificate", ["--certificate", "fd:2"], {}, ("stderr", "flag")),
            ("log-format", [], {}, ("json", "default")),
            ("log-format", ["--log-format", "text"], {}, ("text", "flag")),
            ("default-ttl", ["--default-ttl", "10m", "--max-ttl", "5m"], {}, ("5m", "flag", "limited by max-ttl, from 10m")),
            ("default-ttl", ["--max-ttl", "5m"], {}, ("5m", "default", "limited by max-ttl")),
            ("default-ttl", ["--min-ttl", "2h"], {"DEFAULT_TTL": "9"}, ("2h", "variable DEFAULT_TTL", "raised by min-ttl, from 9")),
            ("default-ttl", ["--max-anonymous-ttl", "10m"], {}, ("1h", "default", "without an API key limited by max-anonymous-ttl")),
            ("max-anonymous-ttl", ["--max-ttl", "1d"], {"TTL_MAX_ANONYMOUS": "30d"},
             ("1d", "variable TTL_MAX_ANONYMOUS", "limited by max-ttl, from 30d")),
            ("max-anonymous-ttl", ["--max-ttl", "7d"], {}, ("7d", "default")),
            ("ttl-options", ["--max-ttl", "1h"], {}, ("300,1800,3600", "default", "limited by max-ttl")),
            ("ttl-options", ["--max-anonymous-ttl", "1h", "--min-ttl", "10m"], {},
             ("1800,3600", "default", "limited by min-ttl and max-anonymous-ttl")),
            ("listen", ["--port", "80"], {}, ("127.0.0.1:80", "default", "with port")),
            ("public-url", ["--host", "a.example"], {}, ("http://a.example", "default", "by host and ssl")),
            ("public-url", ["--host", "a.example", "--public-url", "https://b.example"], {}, ("https://b.example", "flag")),
            ("hsts", ["--hsts", "10"], {}, ("0", "flag", "not without tls, from 10")),
            ("hsts", ["--hsts", "10", "--tls", "self-signed"], {}, ("10", "flag")),
            ("metrics", ["--metrics", "--metrics-listen", "127.0.0.1:9"], {}, ("false", "flag", "they are at metrics-listen, from true")),
            ("max-connections-per-address", ["--max-connections", "8", "--max-connections-per-address", "9"], {},
             ("8", "flag", "limited by max-connections, from 9")),
            ("audit", HOOK, HOOK_KEY, ("memory", "default", "webhook and syslog need it")),
            ("audit", ["--audit", "fd:1,memory,stdout"], {}, ("stdout,memory", "flag")),
            ("audit-size", ["--audit-size", "1k"], {}, ("0", "flag", "too little for a line, from 1k")),
            ("webhook-events", [], {}, ("all", "default")),
            ("webhook-events", ["--webhook-events", "all"], {}, ("all", "flag")),
            ("brand", [], {}, ("Onetime Secret Lite", "default")),
            ("brand", ["--brand-file", brands], {}, ("Acme", "default", "by brand-file")),
            ("brand", ["--brand-file", brands, "--brand", "B"], {}, ("B", "flag")),
            ("brand-color", ["--brand-file", brands], {}, ("#b45309", "default", "by brand-file")),
            ("brand-logo", ["--brand-file", brands], {}, ("acme.svg", "default", "by brand-file")),
            ("brand-logo", ["--brand-file", brands, "--brand-logo", logo], {}, (logo, "flag")),
            ("locale", ["--brand-file", brands], {}, ("nl", "default", "by brand-file")),
            ("locale", ["--brand-file", brands, "--locale", "fr"], {}, ("fr", "flag")),
            ("key-file", ["--key-file", one], {}, (one, "flag", "1 key")),
            ("API_KEYS", [], {"API_KEYS": both}, ("***", "variable API_KEYS", "2 keys")),
            ("API_KEYS", [], {"API_KEYS": "# none"}, ("***", "variable API_KEYS", "0 keys")),
            ("API_KEYS", [], {}, None),
            ("key-file", ["--key-file", one], {"API_KEYS": lines[1]}, (one, "flag", "1 key")),
            ("WEBHOOK_SECRET", ["--webhook-secret-file", folder.write("key", "0123456789abcdef")] + HOOK, HOOK_KEY,
             ("***", "variable WEBHOOK_SECRET", "webhook-secret-file is stronger")),
        ):
            code, out, err = run(["check", "--config"] + flags + ["--json"], environment)
            results.check(code == 0 and not err, "it is right: %s %s" % (flags, environment), (code, err))
            found = json.loads(out or "{}").get(name)
            results.equal(found and tuple(found.values()), wanted, "%s of %s and %s" % (name, flags, environment))
            results.check(lines[0][-64:] not in out and lines[1][-64:] not in out, "keys' lines are not told")
        command = "ulimit -n 100; exec %s check --config --json" % binary_path()
        found = json.loads(subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, timeout=10, env={}).stdout)
        results.equal(tuple(found["max-connections"].values()), ("68", "default", "limited by the files that a process may open"), "files")
        _, out, _ = run(["check", "--config", "--default-ttl", "10m", "--max-ttl", "5m"], {"API_KEYS": lines[0]})
        told = {line.split()[0]: line.split(None, 2)[1:] for line in out.splitlines()}
        results.equal(told["default-ttl"], ["5m", "flag; limited by max-ttl, from 10m"], "in the table")
        results.equal(told["API_KEYS"], ["***", "variable API_KEYS; 1 key"], "and of keys")


def refused(results):
    """The check refuses what the start refuses, with the same words; a port that another process has is none of its business."""
    taken = free_port()
    for arguments, environment, wanted in (
        (["--listen", "127.0.0.1:7143", "--metrics-listen", "127.0.0.1:7143"], {}, "--metrics-listen 127.0.0.1:7143 is where --listen"),
        (["--listen", "0.0.0.0:7143", "--metrics-listen", "127.0.0.1:7143"], {}, "--metrics-listen 127.0.0.1:7143 is where --listen"),
        (["--listen", "127.0.0.1:7143", "--metrics-listen", "[::]:7143"], {}, "--metrics-listen [::]:7143 is where --listen"),
        (["--metrics-listen", "127.0.0.1:80"], {"PORT": "80"}, "--metrics-listen 127.0.0.1:80 is where --listen"),
        (["--audit", "memory,fd:9"], {}, "--audit fd:9: it is not open for writing"),
        (["--certificate", "fd:9"], {}, "--certificate fd:9: it is not open for writing"),
        (["--ssl"], {}, "--ssl needs --host"),
        (["--public-url", "http://a.example"], {"SSL": "true"}, "--ssl needs --host"),
        (["--public-url", "http://x.example:99999"], {}, "has to be http:// or https:// and a host, with a port up to 65535"),
        (["--public-url", "http://x.example:0"], {}, "has to be http:// or https:// and a host"),
        (["--public-url", "https://[::1]:65536"], {}, "has to be http:// or https:// and a host"),
        (["--public-url", "https://a:b.example"], {}, "has to be http:// or https:// and a host"),
        (["--public-url", "https://a.example/below"], {}, "without a path"),
        (["--host", "a.example:65536"], {}, "has to be a host"),
        (["--allow-host", "a.example,b.example:x"], {}, "has to be hosts"),
        (["--tls", ";"], {}, "--tls is ';', but has to be self-signed"),
        (["--auth-required"], {"API_KEYS": "# none"}, "--auth-required takes a key"),
        (HOOK, {"WEBHOOK_SECRET": "short"}, "the webhook's key has to be of 16 to 512 bytes"),
        (["--audit", "stdout", "--log-format", "text"], {}, "--log-format text on the same output as --audit"),
        (["--audit", "fd:1", "--log-format", "text"], {}, "--log-format text on the same output as --audit"),
    ):
        said = []
        for command in (["check", "--config"], ["serve"]):
            code, out, err = run(command + arguments, environment)
            results.check(code == 2 and not out and len(err.splitlines()) == 1 and wanted in err,
                          "%s of %s: %s" % (command[0], arguments, wanted), (code, out, err))
            said.append(err)
        results.equal(said[0], said[1], "both say the same of %s" % arguments)
    with Server() as server:
        for arguments in (["--listen", "127.0.0.1:%d" % server.port], ["--metrics-listen", "127.0.0.1:%d" % server.port],
                          ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"],
                          ["--listen", "127.0.0.1:%d" % taken, "--metrics-listen", "127.0.0.2:%d" % taken],
                          ["--listen", "0.0.0.0:%d" % taken, "--metrics-listen", "[::1]:%d" % taken],
                          ["--host", "a.example:65535", "--ssl"], ["--ssl", "--public-url", "https://a.example"],
                          ["--host", "[::1]:1"], ["--host", "[::1]"], ["--audit", "stdout"], ["--audit", "stderr", "--log-format", "text"]):
            code, _, err = run(["check", "--config"] + arguments)
            results.check(code == 0 and not err, "right: %s" % arguments, (code, err))
    for when in ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00+01:00"):
        code, out, err = run(["keygen", "--name", "a", "--expires", when])
        results.check(code == 2 and not out and "still to come" in err, "no key that is over: " + when, (code, out, err))
    results.equal(run(["keygen", "--name", "a", "--expires", "2999-01-01T00:00:00Z"])[0], 0, "but one that is not yet")


def chain(results):
    """The audit log may share its output with the log of JSON, and with nothing else."""
    for arguments, passed in (([], True), (["--log-format", "json", "--log-requests"], True)):
        with Server("--audit", "stdout", *arguments) as server:
            post_form(server.port, "/api/v1/share", {"secret": "x"})
            server.stop()
            code, out, err = run(["verify", server.path("stdout")])
            results.check((code == 0) == passed, "%s: verify passes over other lines" % arguments, (code, out, err))
    with Folder() as folder:
        with open(folder.write("out", ""), "ab") as out:
            command = [binary_path(), "check", "--config", "--audit", "fd:%d" % out.fileno(), "--log-format", "text"]
            for same, code in ((True, 2), (False, 0)):
                ended = subprocess.run(command, stdout=out if same else subprocess.DEVNULL, stderr=subprocess.PIPE, env={},
                                       pass_fds=[out.fileno()], timeout=10)
                results.equal(ended.returncode, code, "another descriptor to the same file: %s" % ended.stderr)
        # Whatever goes there is read by nobody.
        with open(os.devnull, "ab") as out:
            command[4] = "fd:%d" % out.fileno()
            ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={}, pass_fds=[out.fileno()], timeout=10)
            results.equal(ended.returncode, 0, "two descriptors to nothing: %s" % ended.stderr)


def warned(results):
    """What is allowed, and hardly meant, is told by the check and in the log of a server, and stops neither."""
    with Folder() as folder:
        nobody = folder.write("nobody", "# later\n")
        readers = folder.write("readers", keygen("--scopes", "reveal,audit")[1] + "\n")
        over = folder.write("over", re.sub("scopes", "expires=2020-01-01T00:00:00Z scopes", keygen()[1]) + "\n")
        admin = folder.write("admin", keygen("--scopes", "admin")[1] + "\n")
        key = {"ONETIME_USER": "a", "ONETIME_APITOKEN": TOKEN}
        nobody_may = "--auth-required, and no API key may create"
        for arguments, environment, wanted in (
            (["--ttl-options", "300 604800", "--max-ttl", "1d"], {}, "does not offer all of --ttl-options: --max-ttl do"),
            (["--ttl-options", "300 3600"], {}, None),
            (["--max-ttl", "1d"], {}, None),
            (["--max-anonymous-ttl", "5s", "--min-ttl", "10"], {}, "--max-anonymous-ttl is less than --min-ttl"),
            (["--auth-required", "--key-file", nobody], {}, nobody_may),
            (["--auth-required", "--key-file", readers], {}, nobody_may),
            (["--auth-required", "--key-file", over], {}, nobody_may),
            (["--auth-required", "--key-file", admin], {}, None),
            (["--auth-required", "--key-file", nobody], key, None),
            (["--key-file", nobody], {}, None),
            ([], {"ONETIME_USER": "a", "ONETIME_APITOKEN": "abc"}, "ONETIME_APITOKEN has less than 16 bytes"),
            ([], {"ONETIME_USER": "a", "ONETIME_APITOKEN": "abcdefghijklmnop"}, None),
        ):
            code, out, err = run(["check", "--config"] + arguments, environment)
            told = [line for line in err.splitlines() if line.startswith("onetime-lite: warning: ")]
            right = len(told) == (wanted is not None) == len(err.splitlines()) and (wanted or "") in err
            results.check(code == 0 and out and right, "%s: %s" % (arguments, wanted), (code, err))
            with Server(*arguments, environment=environment, min_ttl=None) as server:
                said = [event for event in server.events() if event["message"].startswith("warning: ")]
                results.equal(["onetime-lite: " + event["message"] for event in said], told, "the log says the same")
                results.check(all(event["log.level"] == "warn" for event in said), "as a warning", said)
        path = folder.write("lite.conf", "")
        with Server("--config", path) as server:
            folder.write("lite.conf", "auth-required = true\nkey-file = %s\n" % nobody)
            results.equal(hang_up(server)["event.outcome"], "success", "SIGHUP takes it, too")
            wait_for(lambda: nobody_may in server.text("stdout"))
            results.check(nobody_may in server.text("stdout"), "and warns", server.text("stdout"))


def lists():
    """What the README says of SIGHUP: patterns of options that are in force at once, and of those that need a restart."""
    with open(os.path.join(REPOSITORY, "README.md")) as file:
        text = file.read()
    found = [re.search(r"^- %s[^:]*:(.*?)\n(?:-|\n)" % start, text, re.M | re.S) for start in ("In force at once", "After a restart")]
    return [re.findall(r"`([a-z0-9*-]+)`", match.group(1)) if match else [] for match in found]


def changed(folder, port):
    """{option: a value that it does not have by default}, for a configuration in which all of them may stand together."""
    special = {
        "listen": "127.0.0.1:%d" % port, "port": str(port), "hsts": "10", "tls": "self-signed", "public-url": "https://a.example",
        "host": "a.example", "allow-host": "b.example", "locale": "nl", "brand": "Acme", "brand-color": "#b45309",
        "brand-logo": folder.write("logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"), "brand-file": folder.write("brands", ""),
        "ttl-options": "300", "hours": "01:00-02:00", "allow-networks": "10.0.0.0/8", "deny-networks": "10.0.0.0/8",
        "allow-countries": "NL", "deny-countries": "NL", "country-file": COUNTRIES, "country-header": "CF-IPCountry",
        "trusted-proxies": "10.0.0.0/8", "key-file": folder.write("keys", keygen()[1]), "webhook": "https://hooks.example/",
        "webhook-events": "create", "webhook-secret-file": folder.write("key", "0123456789abcdef"), "syslog": "syslog+udp://127.0.0.1",
        "syslog-facility": "daemon", "ca-file": folder.path + "/one.crt", "name-server": "127.0.0.1:53",
        "metrics-listen": "127.0.0.1:%d" % (port + 1), "log-level": "debug", "log-format": "text", "audit": "memory",
        "audit-addresses": "hashed", "certificate": "stderr", "max-bytes": "1M", "max-content": "1M", "max-head": "2k",
        "locked-memory": "3M", "default-ttl": "2h", "min-ttl": "2m", "max-ttl": "3d", "max-anonymous-ttl": "2d",
    }  # fmt: skip
    values = {}
    for option, value in re.findall(r"^  --(\S+)(?: ([A-Z#][^ \n]*|[a-z]+\|\S+))?", run(["--help"])[1], re.M):
        if option in ("config", "help"):
            continue
        values[option] = special.get(option) or ("true" if not value else "20k" if value == "SIZE" and "queue" not in option else
                                                 "64k" if value == "SIZE" else "7")
    return values


def reloaded(results):
    """The README's lists of what SIGHUP sets anew, and of what needs a restart, are those of the program."""
    at_once, late = lists()
    options = set(helped()) - {"config"}
    for option in sorted(options):
        places = [any(fnmatch.fnmatch(option, pattern) for pattern in patterns) for patterns in (at_once, late)]
        results.equal(sum(places), 1, "the README says of %s what SIGHUP does" % option)
    for pattern in at_once + late:
        results.check(fnmatch.filter(options, pattern), "what the README says of SIGHUP is an option: " + pattern)
    wanted = {option for option in options if any(fnmatch.fnmatch(option, pattern) for pattern in late)}
    with Folder() as folder:
        Certificates(folder.path).make("one", "DNS:a.example")
        port = free_port()
        start = "tls = %s/one.pem,%s/one.key\n" % (folder.path, folder.path)
        path = folder.write("lite.conf", "listen = 127.0.0.1:%d\n%strusted-proxies = 127.0.0.1\n" % (port, start))
        with open(os.path.join(folder.path, "log"), "wb") as log:
            process = subprocess.Popen([binary_path(), "--config", path], stdout=log, stderr=log, env={}, preexec_fn=die_with_parent)
        try:
            def told(action="reload"):
                with open(os.path.join(folder.path, "log")) as log:
                    return [json.loads(line) for line in log if '"%s"' % action in line and line.endswith("\n")]

            wait_for(lambda: told("start"))
            values = changed(folder, free_port())
            results.equal(set(values), options, "all options are tried")
            named = set()
            alone = {"metrics-listen", "audit", "log-format"}
            for left_out in ({"tls", "metrics"}, {"tls"} | alone):
                lines = ["%s = %s\n" % entry for entry in values.items() if entry[0] not in left_out]
                folder.write("lite.conf", start + "".join(lines))
                before = len(told())
                process.send_signal(signal.SIGHUP)
                wait_for(lambda: len(told()) > before)
                event = told()[-1]
                results.equal(event["event.outcome"], "success", "all may be set together: %s" % event["message"])
                named |= {name.removeprefix("--") for name in event.get("onetime.needs_restart", "").split(", ")}
            results.equal(named, wanted, "what needs a restart is what the README says")
            folder.write("lite.conf", "tls = self-signed\n")
            before = len(told())
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: len(told()) > before)
            results.check("--tls" in told()[-1].get("onetime.needs_restart", ""), "so does another kind of TLS", told()[-1])
        finally:
            process.terminate()
            process.wait(10)


def in_force(results):
    """What SIGHUP sets anew is in force, not only said to be."""
    with Folder() as folder:
        key, line = keygen("--scopes", "create,admin")
        keys = "key-file = %s\n" % folder.write("keys", line)
        bearer = [("Authorization", "Bearer " + key)]
        path = folder.write("lite.conf", keys)
        with Server("--config", path) as server:
            def status(answer):
                return int(answer.header("X-OTS-Intended-Status") or answer.status)

            def share(headers=()):
                return status(request(server.port, "POST", "/api/v1/share", [FORM, *headers], b"secret=x"))

            def link():
                return post_form(server.port, "/api/links", {}, bearer).status

            def reveal():
                made = request(server.port, "POST", "/api/v1/share", [FORM], b"secret=x&ttl=691200").json()["secret_key"]
                return status(request(server.port, "POST", "/api/v1/secret/" + made, [FORM], b""))

            for text, what, act, before, after in (
                ("hours = Mon 00:00-00:01\n", "hours", reveal, 200, 403),
                ("deny-networks = 127.0.0.0/8\n", "networks", share, 200, 403),
                ("country-file = %s\nallow-countries = NL\n" % COUNTRIES, "countries", share, 200, 403),
                ("auth-required = true\n", "who may create", share, 200, 401),
                ("max-creation-links = 0\n", "the number of creation links", link, 200, 507),
                ("max-creation-links = 9\n", "and back", link, 200, 200),
                ("creations-per-minute = 1\nlimit-loopback = true\n", "limits", lambda: [share(), share()][1], 200, 429),
            ):
                folder.write("lite.conf", keys)
                hang_up(server)
                results.equal(act(), before, what + ": before")
                folder.write("lite.conf", keys + text)
                hang_up(server)
                results.equal(act(), after, what + ": in force")
            folder.write("lite.conf", "min-ttl = 1\n")
            hang_up(server)
            results.equal(link(), 401, "a key file that is no longer named")


def documented(results):
    """The README names each option, and its variables as the program does."""
    with open(os.path.join(REPOSITORY, "README.md")) as file:
        text = file.read()
    options = helped()
    for option in options:
        results.check(re.search(r"--%s(?![a-z0-9-])" % option, text), "the README names --" + option)
    for row in re.findall(r"^\| (`--[^|]*) \| (`[^|]*) \|", text, re.M):
        flags, variables = (re.findall(pattern, cell) for pattern, cell in zip((r"--([a-z0-9-]+)", r"`([A-Z0-9_]+)`"), row))
        results.check(all(flag in options for flag in flags), "there are options that it has a row for", flags)
        if "…" not in row[1]:
            results.equal(variables, [options.get(flag) for flag in flags], "and their variables are those")


def main(results):
    for part in (effective, refused, chain, warned, reloaded, in_force, documented):
        results.run(part, results)


if __name__ == "__main__":
    run_suite(main, 120)
