"""Nothing is written: strace over a whole session sees no file opened for writing, and no byte leave but by sockets and
the terminal.

strace is installed by apt-get where it is missing. What the server prints is searched for content, passphrases and
tokens too.

    python3 Tests/Blackbox/traces.py          about 10 seconds
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "Harness"))
from onetime_harness import Server, run_suite  # noqa: E402
from onetime_http import (
    FORM,
    JSON,
    burn,
    form,
    json_body,
    multipart,
    post_form,
    receipt,
    request,
    reveal,
    share,
)  # noqa: E402

CALL = re.compile(r"^(?:\d+\s+)?([a-z_0-9]+)\((.*)")
OPENING = {"open", "openat", "openat2", "creat"}
WRITING = {
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "sendfile",
    "splice",
    "tee",
    "vmsplice",
    "copy_file_range",
}
CHANGING = {
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "mknod",
    "mknodat",
    "truncate",
    "fallocate",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "fchownat",
    "lchown",
    "utimensat",
    "setxattr",
    "fsetxattr",
    "lsetxattr",
    "mount",
    "swapon",
}
LEAVING = {"execve", "execveat", "fork", "vfork", "connect", "io_uring_setup", "shmget", "mq_open", "msgget"}
WRITE_FLAGS = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
ALLOWED_TARGET = re.compile(
    r"^(?:[12](?:<|,)|\d+<(?:TCP|TCPv6|UDP|UNIX|UNIX-STREAM|socket|"
    r"anon_inode:\[(?:eventfd|timerfd|signalfd|eventpoll)\]))"
)


def judge(line):
    """What is wrong with one traced call; None if nothing is. Lines of signals, exits and resumed calls are nothing."""
    match = CALL.match(line)
    if not match:
        return None
    name, rest = match.groups()
    if name in OPENING and (name == "creat" or WRITE_FLAGS.search(rest)):
        return "opens a file for writing"
    if name in CHANGING:
        return "changes the file system"
    if name in LEAVING:
        return "starts a program, or talks to somebody"
    if name == "ftruncate" and "secretmem" not in rest and "memfd" not in rest:
        return "changes the length of a file"
    if name in WRITING and not ALLOWED_TARGET.match(rest):
        return "writes to something that is neither a socket nor stdout, stderr or an event"
    if (
        name == "mmap"
        and "MAP_SHARED" in rest
        and "PROT_WRITE" in rest
        and not re.search(r"secretmem|memfd|MAP_ANONYMOUS", rest)
    ):
        return "maps a file for writing"
    return None


def strace_path():
    """strace, installed if need be; None if that is not possible."""
    if not shutil.which("strace") and os.geteuid() == 0:
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-q", "-y", "strace"]):
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
    return shutil.which("strace")


def session(server):
    """Everything that a server does in its life; returns what must not be printed."""
    port, private = server.port, []

    def keep(made):
        private.extend((made["secret_key"], made["metadata_key"]))
        return made

    private += ["content-of-the-trace-0", "content-of-the-trace-1", "passphrase-of-the-trace", "wrong-passphrase-of-it"]
    made = keep(share(port, private[0]))
    receipt(port, made["metadata_key"])
    reveal(port, made["secret_key"])
    reveal(port, made["secret_key"])
    made = keep(share(port, private[1], passphrase=private[2]))
    reveal(port, made["secret_key"], passphrase=private[3], timeout=30)
    reveal(port, made["secret_key"], passphrase=private[2], timeout=30)
    made = keep(share(port, private[0]))
    burn(port, made["metadata_key"])
    keep(share(port, private[0], ttl=1))
    for head, body in (
        ([JSON], json_body({"secret": private[0]})),
        (lambda h, b: ([h], b))(*multipart({"secret": private[0]})),
    ):
        keep(request(port, "POST", "/api/v1/share", head, body).json())
    post_form(port, "/api/v1/generate", {})
    keep(share(port, private[0] * 40_000))
    origin = [("Origin", "http://127.0.0.1:%d" % port)]
    answer = post_form(port, "/", {"secret": private[0], "passphrase": "", "ttl": "3600", "action": "conceal"}, origin)
    key = re.search(r"/secret/([0-9a-z]{31})", answer.text())
    if key:
        private.append(key.group(1))
        request(port, "GET", "/secret/" + key.group(1))
        post_form(port, "/secret/" + key.group(1), {"passphrase": ""}, origin)
    for target in ("/", "/nothing", "/health", "/api/v2/status"):
        request(port, "GET", target)
    request(port, "POST", "/api/v1/share", [JSON], b'{"secret":"' + private[0].encode())
    request(port, "POST", "/api/v1/share", [FORM], b"")
    request(port, "POST", "/api/v1/share", [("Authorization", "Basic Og=="), FORM], form({"secret": private[0]}))
    with server.connect() as connection:
        connection.send(b"GET /\x01 HTTP/1.1\r\n" + private[3].encode() + b"\r\n\r\n")
        connection.response("GET")
    time.sleep(1.5)
    server.signal(signal.SIGUSR1)
    time.sleep(0.3)
    keep(share(port, private[0]))
    return private


def traced(results, arguments, name):
    """One session under strace, from the first call to the last."""
    log = os.path.join("/tmp", "onetime-trace-%d" % os.getpid())
    strace = [
        strace_path(),
        "-f",
        "-qq",
        "-yy",
        "-s",
        "64",
        "-o",
        log,
        "-e",
        "trace=%file,%desc,%network,%process,%memory,io_uring_setup,shmget,msgget",
    ]
    try:
        with Server(*arguments, wrapper=strace, wrapper_forks=True, start_timeout=30.0) as server:
            private = session(server)
            results.equal(server.stop(20), 0, name + ": SIGTERM under strace exits 0")
            printed = server.text("stdout") + server.text("stderr")
        with open(log, errors="replace") as file:
            lines = file.readlines()
    finally:
        if os.path.exists(log):
            os.unlink(log)
    first_exec = next((place for place, line in enumerate(lines) if "execve(" in line), 0)
    del lines[first_exec : first_exec + 1]
    results.check(len(lines) > 200, name + ": the trace is whole", len(lines))
    results.check(
        any(re.search(r"\b(sendto|sendmsg|write|writev)\(\d+<TCP", line) for line in lines),
        name + ": the trace shows the answers, so it can see",
        lines[-5:],
    )
    found = {}
    for line in lines:
        reason = judge(line)
        if reason:
            found.setdefault(reason, []).append(line.strip()[:200])
    for reason, calls in found.items():
        results.check(False, "%s: %s (%d calls)" % (name, reason, len(calls)), "\n    ".join(calls[:5]))
    results.check(not found, name + ": nothing is written but to sockets, stdout and stderr")
    for text in private:
        places = [text[i : i + 8] for i in range(len(text) - 7)]
        shown = [
            piece
            for piece in places
            if piece in printed
            and piece not in ("-of-the-", "of-the-t", "content-", "passphra", "assphras", "ssphrase")
        ]
        results.check(not shown, name + ": a private text is printed", shown[:3])
    print("%s: %d calls looked at, %d bytes printed" % (name, len(lines), len(printed)), flush=True)


def self_check(results):
    """The judge itself: what it must refuse, and what not."""
    for line in (
        '1 openat(AT_FDCWD, "/x", O_WRONLY|O_CREAT, 0644) = 3',
        '1 write(5</tmp/x>, "a", 1) = 1',
        '1 unlink("/x") = 0',
        '1 creat("/x", 0600) = 3',
        "1 sendfile(5</tmp/x>, 6</y>, NULL, 3) = 3",
        "1 ftruncate(5</tmp/x>, 1) = 0",
        "1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 5</tmp/x>, 0) = 0x7f",
        '1 write(5<pipe:[77]>, "a", 1) = 1',
    ):
        results.check(judge(line), "the judge refuses " + line)
    for line in (
        '1 openat(AT_FDCWD, "/etc/x", O_RDONLY|O_CLOEXEC) = 3',
        '1 write(1</tmp/out>, "a", 1) = 1',
        '1 write(2<pipe:[7]>, "a", 1) = 1',
        '1 write(7<anon_inode:[eventfd]>, "a", 8) = 8',
        '1 write(7<TCP:[127.0.0.1:1->127.0.0.1:2]>, "a", 8) = 8',
        "1 +++ exited +++",
    ):
        results.check(not judge(line), "the judge lets pass " + line)


def main(results):
    """With the arena as it is, and with the fallback."""
    results.run(self_check, results)
    if not strace_path():
        results.skip("the traces", "strace is missing and could not be installed (it needs root)")
        return
    results.run(traced, results, [], "memfd")
    results.run(traced, results, ["--no-memfd-secret"], "mlock")


if __name__ == "__main__":
    run_suite(main, 400)
