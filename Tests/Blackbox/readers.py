"""Several readers, claims that are repeated, and what the page's scripts ask for: nothing lost, nothing held twice.

    python3 Tests/Blackbox/readers.py            about 20 seconds
"""

import os
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import FORM, build, burn, form, post_form, receipt, request, reveal  # noqa: E402


def proof_of(server):
    """What proves a form to be this server's."""
    page = request(server.port, "GET", "/").text()
    return re.search(r'name="form_token" value="([^"]+)"', page).group(1)


def conceal(server, proof, query="", **fields):
    """What the script sends, and the answer."""
    return post_form(server.port, "/secret" + query, dict({"secret": "content", "form_token": proof}, **fields))


def claim(server, proof, made, number, **fields):
    """A claim of one of many readers."""
    fields.update(claim="%032x" % number, form_token=proof)
    return post_form(server.port, "/secret/%s/claim" % made["secret"], fields)


def passphrases(results):
    """A right passphrase is no try: all readers come in, lost answers come again, and wrong ones burn all the same."""
    with Server() as server:
        proof = proof_of(server)
        made = conceal(server, proof, passphrase="swordfish", readers="10").json()
        for number in range(8):
            answer = claim(server, proof, made, number, passphrase="swordfish")
            results.equal((answer.status, answer.body), (200, b"content"), "reader %d of ten" % number)
        for left in (4, 3, 2, 1):
            results.equal(claim(server, proof, made, 99, passphrase="wrong").status, 403, "a wrong one, %d left" % left)
        results.equal(claim(server, proof, made, 99, passphrase="wrong").status, 404, "the last wrong one")
        state = receipt(server.port, made["receipt"]).json()
        results.equal(state["state"], "burned", "burns, and the receipt says so")
        results.equal(claim(server, proof, made, 99, passphrase="swordfish").status, 404, "for everybody")

        made = conceal(server, proof, passphrase="swordfish", tries="1").json()
        for _ in range(4):
            answer = claim(server, proof, made, 1, passphrase="swordfish")
            results.equal((answer.status, answer.body), (200, b"content"), "one try, one claim, as often as it gets lost")
        results.equal(claim(server, proof, made, 2, passphrase="swordfish").status, 404, "another claim gets nothing")


def memory(results):
    """Answers read one ciphertext; a claim has one answer at a time."""
    with Server() as server:
        proof = proof_of(server)
        content = "x" * 8_000_000
        made = conceal(server, proof, secret=content, readers="30").json()
        before = server.rss_kib()
        held = []
        for number in range(20):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", server.port))
            fields = form({"claim": "%032x" % (number // 2), "form_token": proof})
            connection.sendall(build("POST", "/secret/%s/claim" % made["secret"], [FORM], fields))
            held.append(connection)
        time.sleep(0.5)
        growth = server.rss_kib() - before
        results.check(growth < 8_000, "twenty slow readers of 8 MB take no 8 MB more", "%d KiB" % growth)
        results.equal(receipt(server.port, made["receipt"]).json()["state"], "new", "ten of thirty came")
        for connection in held:
            connection.close()
        answer = claim(server, proof, made, 1)
        results.check(answer.body.decode() == content, "the content is whole for one who asks again")


def budget(results):
    """Words beside a secret count."""
    with Server("--max-bytes", "2M") as server:
        proof = proof_of(server)
        taken = 0
        while taken < 3000 and conceal(server, proof, note="n" * 1000, label="l" * 1000).status == 200:
            taken += 1
        results.check(500 < taken < 1000, "2 MB hold as many secrets with 2 kB of words as there is room for", taken)


def ends(results):
    """How a secret with several readers ends, and who may end it."""
    with Server("--min-ttl", "1") as server:
        proof = proof_of(server)
        made = conceal(server, proof, readers="3").json()
        reveal(server.port, made["secret"])
        page = request(server.port, "GET", "/secret/" + made["secret"]).text()
        results.check("/burn" not in page, "what others may read is not offered for destruction")
        answer = post_form(server.port, "/secret/%s/burn" % made["secret"], {"form_token": proof})
        results.equal(answer.status, 404, "nor destroyed by one of them")
        results.equal(receipt(server.port, made["receipt"]).json()["state"], "new", "it lives on")
        answer = burn(server.port, made["receipt"])
        results.equal(answer.json()["state"]["state"], "burned", "its sender burns it")
        page = request(server.port, "GET", "/receipt/" + made["receipt"]).text()
        results.check("before anybody read it" not in page and "1 of 3" in page, "and is told that one had read it")

        made = conceal(server, proof, readers="2", ttl="1").json()
        reveal(server.port, made["secret"])
        time.sleep(1.3)
        results.equal(receipt(server.port, made["receipt"]).json()["state"], "expired", "one of two came in time")
        page = request(server.port, "GET", "/receipt/" + made["receipt"]).text()
        results.check("Nobody read it" not in page, "so nobody is told that none did")


def requests_of_the_page(results):
    """What the page's forms and scripts leave out, no link fills in; and no form asks for what is not needed."""
    with Server("--passphrase-min-length", "60") as server:
        proof = proof_of(server)
        made = conceal(server, proof, "?note=evil&passphrase=swordfish&kind=bundle").json()
        page = request(server.port, "GET", "/secret/" + made["secret"]).text()
        results.check("evil" not in page, "a note in the query is none")
        answer = reveal(server.port, made["secret"])
        results.equal(answer.json().get("value"), "content", "nor is a passphrase, or what the content is")

        sealed = {"kind": "envelope", "secret": "OTL\x01", "passphrase": "p" * 43}
        made = conceal(server, proof, **sealed)
        results.equal(made.status, 200, "a proof is not judged by its length")
        page = request(server.port, "GET", "/receipt/%s/burn" % made.json()["receipt"]).text()
        results.check('name="passphrase"' not in page, "burning what a browser sealed asks for no passphrase")
        answer = post_form(server.port, "/secret/" + made.json()["secret"], {})
        results.check(answer.status == 422 and "1970" not in answer.text(), "its page says when it expires")


def main(results):
    for test in (passphrases, memory, budget, ends, requests_of_the_page):
        results.run(test, results)


if __name__ == "__main__":
    run_suite(main, 90)
