"""Races: of any number of readers exactly one gets the content.

Several processes, 64 connections in all, start from one barrier for each secret and send before anyone reads an answer.

    python3 Tests/Blackbox/races.py                   2 000 secrets, about 30 seconds
    python3 Tests/Blackbox/races.py --secrets 100000  the long run
"""

import argparse
import json
import multiprocessing
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, die_with_parent, run_suite  # noqa: E402
from onetime_http import FORM, Connection, build, form, post_form, receipt, reveal, share  # noqa: E402

CLIENTS = 64
PROCESSES = 4
BARRIER_SECONDS = 30


def content_of(number):
    """The content of the secret with this number; no two share a run of eight bytes but by the number."""
    return "<content %08d of the race>" % number


def racer(port, keys, barrier, queue, kind):
    """One process: its share of the 64 connections, for every secret in turn. Reports only what is not the expected
    loss."""
    die_with_parent()
    connections = [Connection(port, 20.0) for _ in range(CLIENTS // PROCESSES)]
    wins, oddities, losses = [], [], 0
    try:
        for number, (key, handle) in enumerate(keys):
            target = ("/api/v1/secret/" if kind != "page" else "/secret/") + key
            requests = [build("POST", target, [FORM], b"") for _ in connections]
            if kind == "burn":  # every other client burns
                first = number % 2
                requests[first::2] = [build("POST", "/api/v1/private/%s/burn" % handle, [FORM], b"")] * len(
                    requests[first::2]
                )
            barrier.wait(BARRIER_SECONDS)
            for connection, data in zip(connections, requests):
                connection.send(data)
            for place, connection in enumerate(connections):
                answer = connection.response("POST")
                burns = kind == "burn" and place % 2 == number % 2
                named = handle if burns else key
                lost = {"message": "Unknown secret", "secret_key": named}
                if answer.status == 200:
                    wins.append(
                        (
                            number,
                            "burned" if burns else "read",
                            content_of(number).encode() in answer.body
                            or content_of(number).replace("<", "&lt;").replace(">", "&gt;").encode() in answer.body,
                        )
                    )
                elif b"<content" in answer.body or b"&lt;content" in answer.body:
                    oddities.append("a loser got content: %r" % answer)
                elif kind == "page" and answer.status in (404, 410):
                    losses += 1
                elif answer.status != 404 or kind == "page" or json.loads(answer.body.decode()) != lost:
                    oddities.append("secret %d: %r" % (number, answer))
                else:
                    losses += 1
    except Exception as reason:  # reported to the suite, which must not wait for this process
        oddities.append("a racer ended early: %r" % reason)
        barrier.abort()
    queue.put((wins, oddities, losses))


def race(results, server, count, kind):
    """`count` secrets, 64 clients each; (winners of each secret by what they won)."""
    keys = []
    with server.connect() as connection:
        for number in range(count):
            made = connection.request(
                "POST", "/api/v1/share", [FORM], form({"secret": content_of(number), "ttl": 3600})
            ).json()
            keys.append((made["secret_key"], made["metadata_key"]))
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(PROCESSES), context.Queue()
    racers = [context.Process(target=racer, args=(server.port, keys, barrier, queue, kind)) for _ in range(PROCESSES)]
    for process in racers:
        process.start()
    wins, oddities, losses = [], [], 0
    for _ in racers:
        won, odd, lost = queue.get(timeout=600)
        wins += won
        oddities += odd
        losses += lost
    for process in racers:
        process.join(10)
    results.check(
        not oddities,
        "%s: %d answers that are not the documented ones" % (kind, len(oddities)),
        "\n    ".join(oddities[:5]),
    )
    winners = {}
    for number, what, whole in wins:
        winners.setdefault(number, []).append(what)
        if what == "read" and not whole:
            results.check(False, "%s: secret %d: the winner did not get the content" % (kind, number))
    wrong = {number: winners.get(number, []) for number in range(count) if len(winners.get(number, [])) != 1}
    results.check(
        not wrong, "%s: %d secrets without exactly one winner" % (kind, len(wrong)), dict(list(wrong.items())[:5])
    )
    results.equal(losses, count * (CLIENTS - 1), kind + ": losers")
    print(
        "%s: %d secrets, %d clients each: %d winners, %d losers" % (kind, count, CLIENTS, len(wins), losses), flush=True
    )
    return winners, keys


def readers(results, server, count):
    """64 readers for each secret."""
    _, keys = race(results, server, count, "read")
    states = {receipt(server.port, handle).json()["state"] for _, handle in keys[:: max(1, count // 200)]}
    results.equal(states, {"received"}, "the receipts say received")


def page_readers(results, server, count):
    """64 people press the button of the same page."""
    race(results, server, count, "page")


def readers_against_burners(results, server, count):
    """32 readers and 32 burners for each secret: one of them wins, and the receipt says which."""
    winners, keys = race(results, server, count, "burn")
    wanted = {"read": "received", "burned": "burned"}
    wrong = 0
    for number, (_, handle) in enumerate(keys):
        if number in winners:
            wrong += receipt(server.port, handle).json()["state"] != wanted[winners[number][0]]
    results.equal(wrong, 0, "receipts that name another winner")
    reads = sum(won[0] == "read" for won in winners.values())
    print("readers won %d times, burners %d times" % (reads, len(winners) - reads), flush=True)


def together(calls):
    """Runs every call on a thread of its own, from one barrier; their results in order."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def work(place, call):
        barrier.wait(BARRIER_SECONDS)
        try:
            answers[place] = call()
        except OSError as reason:
            answers[place] = reason

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def passphrase_readers(results, server, count=8, clients=10):
    """Readers who all know the passphrase: one gets it; the others get the documented refusals."""
    for number in range(count):
        made = share(server.port, content_of(number), passphrase="open sesame")
        key = made["secret_key"]
        answers = together([lambda: reveal(server.port, key, passphrase="open sesame", timeout=30)] * clients)
        won = [answer for answer in answers if getattr(answer, "status", 0) == 200]
        refused = {getattr(answer, "json", dict)().get("message") for answer in answers if answer not in won}
        if not won and "Rate limit exceeded. Please try again later." in refused:
            won = [
                answer
                for answer in [reveal(server.port, key, passphrase="open sesame", timeout=30)]
                if answer.status == 200
            ]
        results.equal(len(won), 1, "passphrase: one winner")
        results.check(won and won[0].json()["value"] == content_of(number), "passphrase: the winner got the content")
        results.check(
            refused <= {"Unknown secret", "Rate limit exceeded. Please try again later."},
            "passphrase: the losers",
            refused,
        )
        results.equal(receipt(server.port, made["metadata_key"]).json()["state"], "received", "passphrase: the receipt")


def right_against_wrong(results, server, count=8, right=4, wrong=8):
    """More wrong guesses than are allowed race with right ones: read once or burned, and the receipt agrees."""
    for number in range(count):
        made = share(server.port, content_of(number), passphrase="open sesame")
        key = made["secret_key"]
        calls = [lambda: reveal(server.port, key, passphrase="open sesame", timeout=30)] * right
        calls += [lambda: reveal(server.port, key, passphrase="open barley", timeout=30)] * wrong
        answers = together(calls)
        won = [place for place, answer in enumerate(answers) if getattr(answer, "status", 0) == 200]
        results.check(len(won) <= 1, "guesses: at most one winner", won)
        results.check(all(place < right for place in won), "guesses: nobody wins with a wrong passphrase", won)
        state = receipt(server.port, made["metadata_key"]).json()["state"]
        allowed = {"received"} if won else {"burned", "new"}
        results.check(state in allowed, "guesses: the receipt agrees", (state, won))


def page_against_api(results, server, count=100):
    """The page and the API race for the same secret."""
    for number in range(count):
        key = share(server.port, content_of(number))["secret_key"]
        answers = together([lambda: reveal(server.port, key), lambda: post_form(server.port, "/secret/" + key, {})] * 2)
        results.equal(sum(getattr(answer, "status", 0) == 200 for answer in answers), 1, "page against API: one winner")


def expiry_against_read(results, server, count=48):
    """Reads just when the time ends: content or the documented refusal, and the receipt agrees."""
    made = []

    def attempt(number):
        with server.connect() as connection:
            body = form({"secret": content_of(number), "ttl": 1})
            one = connection.request("POST", "/api/v1/share", [FORM], body).json()
            time.sleep(0.992 + (number % 16) * 0.001)
            answer = connection.request("POST", "/api/v1/secret/" + one["secret_key"])
            state = connection.request("GET", "/api/v1/private/" + one["metadata_key"]).json()["state"]
            made.append((answer.status, state))

    workers = [threading.Thread(target=attempt, args=(number,)) for number in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    results.equal(len(made), count, "expiry: every reader got an answer")
    results.check(set(made) <= {(200, "received"), (404, "expired")}, "expiry: the receipts agree", sorted(set(made)))
    print(
        "%d reads came in time, %d too late" % (made.count((200, "received")), made.count((404, "expired"))), flush=True
    )


def main(results, options):
    """All races on one server."""
    with Server("--max-secrets", str(options.secrets * 4 + 100_000)) as server:
        results.run(readers, results, server, options.secrets)
        results.run(page_readers, results, server, max(50, options.secrets // 10))
        results.run(readers_against_burners, results, server, max(50, options.secrets // 4))
        for part in (passphrase_readers, right_against_wrong, page_against_api, expiry_against_read):
            results.run(part, results, server)
        results.check(server.alive(), "the server is alive at the end")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="64 clients race for every secret")
    parser.add_argument("--secrets", type=int, default=2000)
    chosen = parser.parse_args()
    run_suite(lambda results: main(results, chosen), 300 + chosen.secrets // 20)
