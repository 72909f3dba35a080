"""Owns what else than its own text stands for a key: the numbers of a private key, and the states with which an HMAC begins."""

from onetime_tls import openssl


def private_numbers(path):
    """(name, bytes) of what is private in a key file: the scalar of an elliptic curve, or the factors and exponents of RSA."""
    der = openssl("pkey", "-in", path, "-traditional", "-outform", "DER")

    def element(at):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            at, length = at + (length & 0x7F), int.from_bytes(der[at : at + (length & 0x7F)], "big")
        return tag, der[at : at + length], at, at + length

    _, _, at, end = element(0)
    found = []
    while at < end:
        tag, value, _, at = element(at)
        found.append((tag, value))
    if found[1][0] == 0x04:
        return [("scalar", found[1][1])]
    names = ("private exponent", "first prime", "second prime", "first exponent", "second exponent", "coefficient")
    return [(name, value.lstrip(b"\0")) for name, (_, value) in zip(names, found[3:])]


def sha256_state(block):
    """The eight words of SHA-256 after one block of 64 bytes, as the bytes of a digest: what an HMAC begins with stands for its key."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, int(n**0.5) + 1))]

    def root(prime, power):
        shifted, low, high = prime << (32 * power), 0, 1 << 40
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if middle**power <= shifted else (low, middle)
        return low & 0xFFFFFFFF

    def turned(word, by):
        return (word >> by | word << (32 - by)) & 0xFFFFFFFF

    words = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    for i in range(16, 64):
        a, b = words[i - 15], words[i - 2]
        small = turned(a, 7) ^ turned(a, 18) ^ a >> 3
        large = turned(b, 17) ^ turned(b, 19) ^ b >> 10
        words.append((words[i - 16] + small + words[i - 7] + large) & 0xFFFFFFFF)
    first = [root(prime, 2) for prime in primes[:8]]
    a, b, c, d, e, f, g, h = first
    for i in range(64):
        one = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e & f ^ ~e & g) + root(primes[i], 3) + words[i]
        two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) & 0xFFFFFFFF, a, b, c, (d + one) & 0xFFFFFFFF, e, f, g
    state = [(x + y) & 0xFFFFFFFF for x, y in zip(first, (a, b, c, d, e, f, g, h))]
    return b"".join(word.to_bytes(4, "big") for word in state)
