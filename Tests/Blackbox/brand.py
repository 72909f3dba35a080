"""Whose server it is, by domain: pages, pictures, links and languages of brands, and what is told at the start of a brand that
cannot be.

python3 Tests/Blackbox/brand.py          about 5 seconds
"""

import gzip
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from files import conceal, file  # noqa: E402
from onetime_harness import Server, binary_path, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, form, request  # noqa: E402

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script><circle r="4"/></svg>'
MARKUP = "<img src=x onerror=alert(1)>\"'&</title>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;&lt;/title&gt;"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
BRANDS = """
# Everybody else
product-name = Acme %s
primary-color = #ffff00
logo = logo.svg
before-reveal = Before %s
after-reveal = After %s
footer-link = Terms %s | https://acme.example/terms?a=1&b='2'
footer-link = Imprint | /imprint

[first.example]
product-name = First
primary-color = #0000ff
favicon = icon.png
logo = logo.png
locale = nl

[second.example]
product-name = Second
""" % ((MARKUP,) * 4)


def png(size):
    """A picture of exactly so many bytes."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    end = chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    return start + chunk(b"prVt", bytes(size - len(start) - len(end) - 12)) + end


class Folder:
    """A folder with the files of brands."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="onetime-brand-")
        self.write("logo.svg", SVG)
        self.write("logo.png", png(65536))
        self.write("icon.png", png(100))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, content):
        path = os.path.join(self.path, name)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path


def page(server, host=None, path="/", headers=()):
    return request(server.port, "GET", path, headers, host=host)


def location(answer, ending):
    """The address of one of the brand's files on a page."""
    found = re.search(r'"(/brand/[0-9a-z]+/%s)"' % ending, answer.text())
    return found.group(1) if found else None


def share(server, host=None, headers=(), **fields):
    """A secret made under a host; its receipt in JSON."""
    fields = dict({"secret": "the content"}, **fields)
    return request(server.port, "POST", "/api/v1/share", [FORM] + list(headers), form(fields), host).json()


def by_domain(results, server):
    """Each domain has its own brand, everybody else the first one."""
    for host, name in (
        (None, "Acme " + ESCAPED),
        ("unknown.example", "Acme " + ESCAPED),
        ("first.example", "First"),
        ("FIRST.Example:8443", "First"),
        ("second.example:%d" % server.port, "Second"),
        ("xfirst.example", "Acme " + ESCAPED),
        ("first.example.evil.example", "Acme " + ESCAPED),
        ("first.example.", "Acme " + ESCAPED),
    ):
        answer = page(server, host)
        text = answer.text()
        results.equal(answer.status, 200, "%s: status" % host)
        results.check("<span>%s</span></a>\n</header>" % name in text, "%s: name in the header" % host, text[:1500])
        results.check(" · %s</title>" % name in text, "%s: name in the title" % host)
        results.equal(answer.header("Content-Security-Policy"), POLICY, "%s: the policy is the usual one" % host)
        results.check("<style" not in text and "style=" not in text, "%s: no inline style" % host)
        for other in {"Acme", "First", "Second"} - {name.split()[0]}:
            results.check(other not in text, "%s: nothing of %s" % (host, other))
    results.equal(re.search('lang="(..)"', page(server, "first.example").text()).group(1), "nl", "the domain's language")
    english = page(server, "first.example", headers=[("Accept-Language", "en")])
    results.equal(english.header("Content-Language"), "en", "a browser's wish is stronger")
    results.equal(page(server).header("Content-Language"), "en", "others have theirs")
    second = page(server, "second.example").text()
    results.check("/brand/" not in second and "class=\"links\"" not in second, "sections share nothing")


def texts(results, server):
    """Texts where they belong, as text, on pages that change nothing."""
    made = share(server)
    secret = "/secret/" + made["secret_key"]
    before = '<p dir="auto">Before %s</p>' % ESCAPED
    after = '<p dir="auto">After %s</p>' % ESCAPED
    links = (
        '<li><a rel="noopener noreferrer" dir="auto" href="https://acme.example/terms?a=1&amp;b=&#39;2&#39;">Terms %s</a></li>'
        '\n<li><a rel="noopener noreferrer" dir="auto" href="/imprint">Imprint</a></li>' % ESCAPED
    )
    looked = page(server, path=secret).text()
    results.check(before in looked, "the recipient's page has the text before")
    results.check('<template id="after-reveal">\n%s\n</template>' % after in looked, "and the other one for its script")
    revealed = request(server.port, "POST", secret, [FORM], b"").text()
    results.check("the content</textarea>" in revealed, "the content is shown", revealed[-800:])
    results.check("</p>\n%s\n<section" % after in revealed, "with the text after", revealed)
    results.check(before not in revealed, "and not the one before")
    key, _ = conceal(server.port, [file("x", b"x")])
    opened = request(server.port, "POST", "/secret/" + key, [FORM], b"").text()
    results.check("</p>\n%s\n<section" % after in opened, "so it is with files", opened)
    for name, text in (("form", page(server).text()), ("secret", looked), ("revealed", revealed)):
        results.check(links in text, "the links are at the foot: " + name)
        results.check("<img src=x" not in text, "nothing comes alive: " + name)
    for host in (None, "first.example"):
        gone = [
            page(server, host, path)
            for path in (secret, "/secret/" + "0" * 31, "/receipt/" + "z" * 31, secret + "/burn", "/secret/x")
        ]
        results.equal({answer.status for answer in gone}, {404}, "gone is 404")
        results.equal(len({answer.raw_head + answer.body for answer in gone}), 1, "gone is one answer: %s" % host)
        results.check((b"First" if host else b"Acme") in gone[0].body, "and has the brand")
    missing = page(server, "first.example", "/nowhere")
    results.check(missing.status == 404 and "First</title>" in missing.text(), "so has a page that is not there")


def check_picture(results, answer, kind, content, name):
    results.equal(answer.status, 200, name + ": status")
    results.equal(answer.header("Content-Type"), kind, name + ": type")
    results.equal(answer.body, content, name + ": bytes")
    for field, value in (
        ("Cache-Control", "public, max-age=31536000, immutable"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ):
        results.equal(answer.header(field), value, "%s: %s" % (name, field))


def pictures(results, server):
    """Logo and icon are files of their domain, with types of their own and no rights."""
    home = page(server)
    logo = location(home, "logo")
    results.check('<img alt="" src="%s">' % logo in home.text(), "the logo is in the header")
    results.check('<link rel="icon" type="image/svg+xml" href="%s">' % logo in home.text(), "and is the icon")
    results.check("<svg" not in home.text(), "in place of the lock")
    check_picture(results, page(server, path=logo), "image/svg+xml", SVG, "logo")
    icon = page(server, path="/favicon.ico")
    results.equal((icon.header("Content-Type"), icon.body), ("image/svg+xml", SVG), "/favicon.ico is the brand's")
    results.equal(icon.header("Cache-Control"), "public, max-age=3600", "and kept for an hour: its name does not change")
    first = page(server, "first.example")
    check_picture(results, page(server, "first.example", location(first, "logo")), "image/png", png(65536), "largest logo")
    check_picture(results, page(server, "first.example", location(first, "icon")), "image/png", png(100), "favicon")
    results.equal(page(server, "first.example", "/icon.svg").body, png(100), "/icon.svg is the domain's")
    results.check(b"<svg" in page(server, "second.example", "/favicon.ico").body, "a domain without has the lock")
    for host, path in (
        ("first.example", logo),
        ("second.example", logo),
        (None, logo.replace("logo", "icon").replace("/brand/", "/brand/0")),
        (None, "/brand/0/logo"),
        (None, "/brand//logo"),
        (None, logo + "/x"),
        (None, logo.rsplit("/", 1)[0] + "/other"),
        ("second.example", location(home, "style.css")),
        (None, "/brand"),
    ):
        results.equal(page(server, host, path).status, 404, "%s has no %s" % (host, path))
    head = request(server.port, "HEAD", logo)
    results.equal((head.status, head.header("Content-Length")), (200, str(len(SVG))), "HEAD tells its size")
    results.equal(request(server.port, "POST", logo).status, 405, "nobody posts to it")
    with Connection(server.port) as connection:
        path = location(first, "logo")
        connection.send(build("GET", path, host="first.example") * 8)
        sizes = [len(connection.response().body) for _ in range(8)]
    results.equal(sizes, [65536] * 8, "eight of the largest in one go")


def colours(results, server):
    """One style sheet in place of another."""
    answer = page(server)
    path = location(answer, "style.css")
    sheet = page(server, path=path)
    results.equal(sheet.header("Content-Type"), "text/css; charset=utf-8", "type")
    results.equal(sheet.header("Content-Encoding"), "gzip", "compressed")
    results.equal(sheet.header("Cache-Control"), "public, max-age=31536000, immutable", "kept")
    text = gzip.decompress(sheet.body).decode()
    standard = page(server, path=re.search(r'"(/assets/[0-9a-z]+/)', answer.text()).group(1) + "style.css")
    results.check(text.endswith(gzip.decompress(standard.body).decode()), "the usual one is in it, whole")
    results.check(text.startswith("html:root{--accent:#"), "behind the brand's colours", text[:200])
    results.equal(len(re.findall('<link rel="stylesheet"', answer.text())), 1, "the page asks for one")
    other = page(server, "first.example")
    results.check(location(other, "style.css") not in (None, path), "each colour has its own")
    results.check("/assets/" in re.search('stylesheet" href="([^"]+)"', page(server, "second.example").text()).group(1), "or none")


def addresses(results, folder):
    """Links point to a domain that has a brand, in the way of the public URL."""
    with Server("--brand-file", folder.write("brands", BRANDS), "--public-url", "https://main.example") as server:
        for host, start in (
            (None, "https://main.example"),
            ("main.example", "https://main.example"),
            ("first.example", "https://first.example"),
            ("first.example:8443", "https://first.example:8443"),
        ):
            made = share(server, host)
            shown = page(server, host, "/receipt/" + made["metadata_key"], [("Accept-Language", "en")]).text()
            results.check('value="%s/secret/%s"' % (start, made["secret_key"]) in shown, "the link begins with " + start, shown)
        for origin, host, status in (
            ("https://first.example", "first.example", 303),
            ("https://main.example", "first.example", 303),
            ("http://first.example", "first.example", 403),
            ("https://second.example", "first.example", 403),
            ("https://unknown.example", "unknown.example", 421),
        ):
            answer = request(
                server.port, "POST", "/", [FORM, ("Origin", origin)], form({"secret": "x", "action": "conceal"}), host
            )
            results.equal(answer.status, status, "a form of %s sent to %s" % (origin, host))
    with Server("--brand-file", folder.write("brands", BRANDS)) as server:
        for host, start in (
            ("first.example", "http://first.example"),
            ("unknown.example", "http://127.0.0.1:%d" % server.port),
        ):
            made = share(server, host)
            shown = page(server, host, "/receipt/" + made["metadata_key"], [("Accept-Language", "en")]).text()
            results.check('value="%s/secret/%s"' % (start, made["secret_key"]) in shown, "without: " + start, shown)


def options(results, folder):
    """One brand by options and variables alone, which are stronger than the file."""
    environment = {
        "BRAND_PRODUCT_NAME": "Variable",
        "BRAND_PRIMARY_COLOR": "#123456",
        "BRAND_LOGO_URL": "file://" + folder.path + "/logo.svg",
    }
    with Server(environment=environment) as server:
        answer = page(server)
        results.check("Variable</title>" in answer.text(), "the name")
        results.equal(page(server, path=location(answer, "logo")).body, SVG, "the logo")
        css = gzip.decompress(page(server, path=location(answer, "style.css")).body)
        results.check(css.startswith(b"html:root{--accent:#123456;"), "the colour", css[:100])
    file = folder.write("brands", BRANDS)
    with Server("--brand-file", file, "--brand", "Option", "--locale", "fr", environment=environment) as server:
        text = page(server).text()
        results.check("Option</title>" in text and 'lang="fr"' in text and "Imprint" in text, "options before the file")
        results.check("First</title>" in page(server, "first.example").text(), "not before that of a domain")
        results.equal(page(server, "second.example").header("Content-Language"), "fr", "its language is everybody's")
    with Server() as server:
        answer = page(server)
        results.check("Onetime Secret Lite</title>" in answer.text() and "/brand/" not in answer.text(), "none at all")
        results.equal(page(server, path="/brand/0/style.css").status, 404, "and no files")
    with Server("--no-ui", "--brand-file", file) as server:
        results.equal(page(server, path="/favicon.ico").status, 404, "without pages there are no pictures")


def mistakes(results, folder):
    """What cannot be is told in one line, with status 2."""
    folder.write("text.svg", "no picture")
    folder.write("page.svg", "<html xmlns:x='http://www.w3.org/2000/svg'><script>alert(1)</script></html>")
    folder.write("large.png", png(65537))
    lines = [
        ("colour = red", "line 1: unknown key 'colour'; it is one of product-name,"),
        ("product-name = a\n\nprimary-color = red", "line 3: primary-color is 'red', but has to be #rrggbb"),
        ("product-name =", "line 1: product-name is '', but has to be 1 to 100 bytes"),
        ("just words", "line 1: a line has to be key = value"),
        ("[a.example:80]", "line 1: a section has to be [domain]"),
        ("[a.example]\n[a.example]", "line 2: [a.example] is there twice"),
        ("footer-link = x | javascript:alert(1)", "line 1: footer-link is"),
        ("footer-link = x | //evil.example", "line 1: footer-link is"),
        ("before-reveal = " + "x" * 1001, "line 1: before-reveal is"),
        ("locale = tlh", "line 1: locale is 'tlh', but has to be one of en,"),
        ("logo = https://acme.example/logo.svg", "nothing is fetched"),
        ("\nlogo = nowhere.svg", "line 2: logo nowhere.svg: No such file or directory"),
        ("logo = text.svg", "line 1: logo text.svg: it is no SVG, PNG, JPEG, WebP or GIF picture"),
        ("logo = page.svg", "line 1: logo page.svg: it is no SVG"),
        ("[a.example]\nfavicon = large.png", "line 2: favicon large.png: a picture has at most 64 KiB"),
        ("logo = .", "line 1: logo .: Is a directory"),
        (b"product-name = \xff", "line 1: the file is not UTF-8 text"),
        ("#" * 65537, "cannot be read: File too large"),
    ]
    cases = [(["--brand-file", folder.write("bad%d" % number, text)], wanted) for number, (text, wanted) in enumerate(lines)]
    cases += [
        (["--brand-file", folder.path + "/nothing"], "nothing cannot be read: No such file or directory"),
        (["--brand-logo", "http://acme.example/logo.png"], "--brand-logo is 'http://acme.example/logo.png', but has to be a path"),
        (["--brand-logo", folder.path + "/text.svg"], "text.svg: it is no SVG"),
        (["--brand-color", "#12345"], "--brand-color is '#12345', but has to be #rrggbb"),
        (["--brand", "x" * 101], "--brand is"),
        (["--brand", "a\nb"], "--brand is"),
    ]
    for arguments, wanted in cases:
        ended = subprocess.run(
            [binary_path(), "serve", "--listen", "127.0.0.1:0"] + arguments,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10,
        )
        told = ended.stderr.decode()
        results.equal(ended.returncode, 2, "%r: status" % arguments)
        results.check(wanted in told and told.count("\n") <= 2, "%r: told" % arguments, told)


def many(results, folder):
    """A hundred domains cost a start nothing that anybody notices."""
    text = "".join("[d%d.example]\nproduct-name = D%d\nprimary-color = #%06x\nlogo = logo.png\n" % (n, n, n * 99991) for n in range(100))
    with Server("--brand-file", folder.write("many", text)) as server:
        results.check(server.started_in < 1, "ready within a second", server.started_in)
        print("100 brands with logos: ready in %.0f ms, %d KiB" % (server.started_in * 1000, server.rss_kib()))
        results.check("D99</title>" in page(server, "d99.example").text(), "the last one is there")


def main(results):
    with Folder() as folder:
        with Server("--brand-file", folder.write("brands", BRANDS)) as server:
            print("3 brands: ready in %.1f ms" % (server.started_in * 1000))
            for part in (by_domain, texts, pictures, colours):
                results.run(part, results, server)
            results.check(server.alive(), "the server is alive at the end")
        for part in (addresses, options, mistakes, many):
            results.run(part, results, folder)


if __name__ == "__main__":
    run_suite(main, 120)
