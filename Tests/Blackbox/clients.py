"""Third-party clients of Onetime Secret, unchanged, from PyPI: `onetimesecret` 1 and `otscli` 0.0.2.

Both are installed into a virtual environment of their own, once (ONETIME_CLIENTS_VENV names a place to keep it; else it
is made in a temporary directory and removed). Each creates a secret, which is then read back.

    python3 Tests/Blackbox/clients.py          about 10 seconds, most of it installing
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import request, reveal  # noqa: E402

PACKAGES = ["onetimesecret==1", "otscli==0.0.2"]
USER, TOKEN = "client@example.com", "n4Wz8Kq2Lr6Tb0Xv5Ys1"
CONTENT = "shared by a client: päss & wörd = 100% <🙂>\nsecond line"
LIBRARY = """
import sys
from onetimesecret import OneTimeSecretCli
url, user, key, secret, ttl = sys.argv[1:]
client = OneTimeSecretCli(user or None, key or None, url=url)
print(client.create_link(secret, int(ttl)))
"""
REFUSED = """
import sys
from onetimesecret import OneTimeSecretCli, OneTimeSecretError
try:
    OneTimeSecretCli(url=sys.argv[1]).create_link("")
except OneTimeSecretError as error:
    print(error, error.status_code)
"""


def client(directory, *arguments, program="python"):
    """Runs a program of the virtual environment, without any proxy; its stdout. Raises CalledProcessError."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "NO_PROXY": "*", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [os.path.join(directory, "bin", program)] + list(arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        timeout=60,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, arguments[:1], done.stdout, done.stderr)
    return done.stdout.decode().strip()


def read_back(results, server, link, name, **fields):
    """The link has the form that a client builds, and its content is there exactly once."""
    base = "http://127.0.0.1:%d" % server.port
    if not results.check(link.startswith(base + "/secret/"), name + ": the link", link):
        return
    key = link.rsplit("/", 1)[1]
    results.equal(request(server.port, "GET", "/secret/" + key).status, 200, name + ": the link opens a page")
    results.equal(reveal(server.port, key, **fields).json().get("value"), CONTENT, name + ": the content")
    results.equal(reveal(server.port, key, **fields).status, 404, name + ": once")


def library(results, server, directory):
    """`onetimesecret`, a library: anonymous and with an API key, which is refused when wrong."""
    base = "http://127.0.0.1:%d" % server.port
    read_back(
        results, server, client(directory, "-c", LIBRARY, base, "", "", CONTENT, "900"), "onetimesecret, anonymous"
    )
    read_back(
        results,
        server,
        client(directory, "-c", LIBRARY, base, USER, TOKEN, CONTENT, "900"),
        "onetimesecret, with a key",
    )
    results.equal(
        client(directory, "-c", REFUSED, base),
        "You did not provide anything to share (Status code: 404) 404",
        "onetimesecret shows why it was refused",
    )


def command(results, server, directory):
    """`otscli`, a command: with and without passphrase."""
    base = "http://127.0.0.1:%d" % server.port
    read_back(results, server, client(directory, "-d", base, "-s", CONTENT, program="otscli"), "otscli")
    link = client(directory, "-d", base, "-s", CONTENT, "-p", "open sesame & so", program="otscli")
    read_back(results, server, link, "otscli with a passphrase", passphrase="open sesame & so")


def main(results):
    """Installs, then runs both."""
    kept = os.environ.get("ONETIME_CLIENTS_VENV")
    directory = kept or tempfile.mkdtemp(prefix="onetime-clients-")
    try:
        python = os.path.join(directory, "bin", "python")
        try:
            if not os.path.exists(python):
                subprocess.run(
                    [sys.executable, "-m", "venv", directory], check=True, timeout=120, stdout=subprocess.DEVNULL
                )
            subprocess.run(
                [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"] + PACKAGES,
                check=True,
                timeout=240,
            )
        except (OSError, subprocess.SubprocessError) as reason:
            results.skip("the clients of PyPI", "they could not be installed: %s" % reason)
            return
        with Server(environment={"ONETIME_USER": USER, "ONETIME_APITOKEN": TOKEN}) as server:
            results.run(library, results, server, directory)
            results.run(command, results, server, directory)
    finally:
        if not kept:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    run_suite(main, 500)
