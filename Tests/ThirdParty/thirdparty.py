"""Runs other people's checkers against the executable on 127.0.0.1 and judges what they say. scripts/test-thirdparty starts it."""

import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "Tests", "Harness"), os.path.join(ROOT, "Tests", "Blackbox")]
import smuggling  # noqa: E402
from onetime_harness import Server, run_suite  # noqa: E402

OUTPUT = os.path.join(ROOT, ".build", "thirdparty")
# testssl.sh: what is no finding about the server. Nobody's DNS speaks of a server that lives for an afternoon.
ACCEPTED = {"LOW", "OK", "INFO", "WARN", "DEBUG"}
# wapiti: what it is wrong about, and why.
MISTAKEN = {
    "Lack of anti CSRF token": "the field is there, called form_token, which wapiti does not know",
    "X-XSS-Protection is not set": "browsers dropped it because it opened holes; a Content-Security-Policy does its work",
    "Strict-Transport-Security is not set": "over plain HTTP it may not be (RFC 6797, section 7.2)",
}
# nikto 2.1.5: what it merely tells. It is older than these fields, does not read subject alternative names, and takes a robots.txt
# that keeps everybody out of everything for a secret path.
TOLD = re.compile(
    "Uncommon header '(referrer-policy|x-content-type-options|cross-origin-(resource|embedder|opener)-policy|x-frame-options"
    "|permissions-policy|x-robots-tag|content-security-policy|strict-transport-security)' found"
    r"|Allowed HTTP Methods: GET, HEAD, POST, OPTIONS $"
    r"|File/dir '/' in robots.txt returned a non-forbidden|\"robots.txt\" contains 1 entry"
    "|Hostname 'localhost' does not match certificate's CN 'onetime-lite'"
    "|Target |Start Time|End Time|SSL Info|Server: No banner retrieved|No CGI Directories found|1 host"
)
CA = """[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1
crlDistributionPoints = URI:http://127.0.0.1:9/none.crl
"""


def run(name, command, limit, **options):
    """A command's exit code and output, which is kept; standard error only where there is no other output."""
    path = os.path.join(OUTPUT, name + ".txt")
    with open(path, "wb") as file:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, timeout=limit, check=False, **options
            )
            code = done.returncode
        except subprocess.TimeoutExpired:
            code = "no end within %d s" % limit
    with open(path, encoding="utf-8", errors="replace") as file:
        return code, file.read()


def non_free():
    """Options by which apt-get sees Debian's non-free packages too, without a change to the machine's own sources."""
    folder = os.path.join(OUTPUT, "apt")
    os.makedirs(os.path.join(folder, "lists", "partial"), exist_ok=True)
    os.makedirs(os.path.join(folder, "sources"), exist_ok=True)
    parts = "/etc/apt/sources.list.d"
    for path in ["/etc/apt/sources.list"] + [os.path.join(parts, name) for name in sorted(os.listdir(parts))]:
        if not os.path.exists(path) or not path.endswith((".list", ".sources")):
            continue
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"(?m)^(Components:.*|deb .*)$", r"\1 non-free", file.read())
        if "debian" in text:
            with open(os.path.join(folder, "sources", os.path.basename(path)), "w", encoding="utf-8") as file:
                file.write(text)
    settings = ("Etc::sourcelist=/dev/null", "Etc::sourceparts=%s/sources" % folder, "State::lists=%s/lists" % folder)
    return [word for setting in settings for word in ("-o", "Dir::" + setting)]


def install(results, program, package, options=()):
    """Whether a Debian package's program is there; installs it."""
    if shutil.which(program):
        return True
    apt = ["apt-get", "-qq"] + list(options)
    for command in (apt + ["update"], apt + ["install", "-y", "--no-install-recommends", package]):
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, check=False)
    if shutil.which(program):
        return True
    results.skip(program, "Debian's package %s cannot be installed here" % package)
    return False


def identity():
    """A certificate authority's certificate, and a server's certificate and key from it, as paths."""
    paths = {name: os.path.join(OUTPUT, name) for name in ("ca.pem", "ca.key", "server.pem", "server.key", "server.csr", "conf")}
    with open(paths["conf"], "w", encoding="ascii") as file:
        file.write("[req]\ndistinguished_name = name\n[name]\n" + CA)
    new = ["openssl", "req", "-config", paths["conf"], "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    sign = ["-CA", paths["ca.pem"], "-CAkey", paths["ca.key"], "-CAcreateserial", "-days", "90"]
    for command in (
        new + ["-x509", "-days", "90", "-subj", "/CN=tests", "-extensions", "ca", "-keyout", paths["ca.key"], "-out", paths["ca.pem"]],
        new + ["-subj", "/CN=localhost", "-keyout", paths["server.key"], "-out", paths["server.csr"]],
        ["openssl", "x509", "-req", "-in", paths["server.csr"], "-extfile", paths["conf"], "-extensions", "server"]
        + sign
        + ["-out", paths["server.pem"]],
    ):
        subprocess.run(command, capture_output=True, timeout=30, check=True)
    return paths["ca.pem"], paths["server.pem"], paths["server.key"]


def testssl(results):
    """testssl.sh: nothing above "low"."""
    if not install(results, "testssl", "testssl.sh"):
        return
    authority, certificate, key = identity()
    with Server("--tls", "%s,%s" % (certificate, key)) as server:
        report = os.path.join(OUTPUT, "testssl.json")
        if os.path.exists(report):
            os.remove(report)
        command = ["testssl", "--quiet", "--warnings", "batch", "--color", "0", "--ip", "127.0.0.1", "--add-ca", authority]
        _, text = run("testssl", command + ["--jsonfile", report, "https://localhost:%d" % server.port], 420)
        with open(report, encoding="utf-8") as file:
            findings = json.load(file)
    results.check(len(findings) > 80 and "Done" in text, "testssl: came to its end", text[-600:])
    for finding in findings:
        line = "%(severity)s %(id)s: %(finding)s" % finding
        if finding["severity"] not in ("OK", "INFO"):
            print("testssl: " + line)
        results.check(finding["severity"] in ACCEPTED, "testssl", line)


def sslyze(results):
    """sslyze: complies with Mozilla's intermediate configuration."""
    venv = os.path.join(OUTPUT, "venv")
    program = os.path.join(venv, "bin", "sslyze")
    if not os.path.exists(program):
        subprocess.run([sys.executable, "-m", "venv", venv], timeout=120, check=True)
        pip = [os.path.join(venv, "bin", "pip"), "install", "-q", "sslyze"]
        if subprocess.run(pip, capture_output=True, timeout=600, check=False).returncode != 0:
            return results.skip("sslyze", "PyPI's package cannot be installed here")
    authority, certificate, key = identity()
    with Server("--tls", "%s,%s" % (certificate, key)) as server:
        scans = "certinfo compression early_data ems fallback heartbleed openssl_ccs reneg resum robot elliptic_curves http_headers"
        scans += " sslv2 sslv3 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3"
        command = [program, "--mozilla_config", "intermediate", "--certinfo_ca_file", authority]
        _, text = run("sslyze", command + ["--" + scan for scan in scans.split()] + ["localhost:%d" % server.port], 240)
    # The path leads to an authority that Mozilla has never heard of; all else has to comply.
    against = [line.strip() for line in text.splitlines() if line.strip().startswith("* ") and "validation failed" in line]
    rest = text.partition("COMPLIANCE AGAINST")[2]
    others = [line.strip() for line in rest.splitlines() if line.strip().startswith("* ") and line.strip() not in against]
    results.check("SCANS COMPLETED" in text and rest, "sslyze: came to its end", text[-600:])
    results.equal(others, [], "sslyze: complies with Mozilla's intermediate configuration")
    results.check("VULNERABLE" not in text.replace("Not vulnerable", ""), "sslyze: nothing is vulnerable", text[-3000:])
    return None


def h2load(results):
    """h2load, speaking HTTP/1.1: no request fails."""
    if not install(results, "h2load", "nghttp2-client"):
        return
    _, certificate, key = identity()
    for arguments in ([], ["--tls", "%s,%s" % (certificate, key)]):
        with Server(*arguments) as server:
            scheme = "https" if arguments else "http"
            url = "%s://127.0.0.1:%d/health" % (scheme, server.port)
            _, text = run("h2load-" + scheme, ["h2load", "--h1", "-n", "100000", "-c", "100", "-m", "8", url], 120)
            line = "requests: 100000 total, 100000 started, 100000 done, 100000 succeeded, 0 failed, 0 errored, 0 timeout"
            results.check(line in text, "h2load over %s: every request succeeds" % scheme, text[-800:])
            print("h2load: %s: %s" % (scheme, " ".join(re.findall(r"finished in .*", text))))


def wapiti(results):
    """wapiti: no vulnerability, no anomaly."""
    if not install(results, "wapiti", "wapiti"):
        return
    with Server() as server:
        report = os.path.join(OUTPUT, "wapiti.json")
        home = dict(os.environ, HOME=OUTPUT)
        command = ["wapiti", "-u", "http://127.0.0.1:%d/" % server.port, "--scope", "domain", "--flush-session", "--no-bugreport"]
        # Not "wapp", "ssrf" and "xxe", which ask servers of wapiti's own.
        modules = "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,"
        modules += "timesql,xss"
        options = ["--max-scan-time", "120", "-f", "json", "-o", report, "-m", modules]
        _, text = run("wapiti", command + options, 240, env=home)
        with open(report, encoding="utf-8") as file:
            found = json.load(file)
        for kind in ("vulnerabilities", "anomalies"):
            for name, findings in found[kind].items():
                for finding in findings:
                    if finding.get("info") in MISTAKEN:
                        print("wapiti: %s: no finding: %s" % (finding["info"], MISTAKEN[finding["info"]]))
                        continue
                    results.check(False, "wapiti: " + name, (finding.get("info"), finding.get("http_request", "")[:300]))
        results.check(found["infos"]["target"], "wapiti: came to its end", text[-600:])


def nikto(results):
    """nikto: nothing but what it merely tells."""
    if not install(results, "nikto", "nikto", non_free()):
        return
    for arguments in ([], ["--tls", "self-signed"]):
        with Server(*arguments) as server:
            kind, option = ("https", "-ssl") if arguments else ("http", "-nossl")
            command = ["nikto", "-h", "127.0.0.1", "-p", str(int(server.port)), "-nointeractive", option]
            _, text = run("nikto-" + kind, command, 300)
        done = re.search(r"(\d+) items checked: 0 error\(s\)", text)
        results.check(done and int(done.group(1)) > 6000, "nikto: came to its end", text[-600:])
        lines = [line for line in re.findall(r"(?m)^\+ (.*)$", text) if "items checked" not in line]
        told = [line for line in lines if TOLD.match(line)]
        for line in lines:
            results.check(line in told, "nikto over " + kind, line)
        print("nikto: %s: %s items checked, %d lines that merely tell" % (kind, done and done.group(1), len(told)))


SUITES = {"testssl": testssl, "sslyze": sslyze, "h2load": h2load, "wapiti": wapiti, "nikto": nikto, "smuggling": smuggling.main}


def main(results):
    """Those that are named, or all."""
    os.makedirs(OUTPUT, exist_ok=True)
    for name in sys.argv[1:] or SUITES:
        results.run(SUITES[name], results)


if __name__ == "__main__":
    run_suite(main, 1800)
